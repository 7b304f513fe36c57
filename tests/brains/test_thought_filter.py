"""What a model thinks is never spoken, however it arrives."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.brains.thought_filter import ThoughtFilter

SECRET = "zq"


def spoken(*deltas: str) -> str:
    """What the filter lets through."""
    thoughts = ThoughtFilter()
    return "".join([*(thoughts.feed(delta) for delta in deltas), thoughts.finish()])


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ("Hello there.", "Hello there."),
        ("<think>zq</think>\n\nHello.", "Hello."),
        ("<THINK>zq</Think>Hello.", "Hello."),
        ("Yes. <thinking mode='x'>zq</thinking>It is.", "Yes. It is."),
        ("<think>zq zq", ""),
        ("Done.<think>zq", "Done."),
        ("</think>Hello.", "Hello."),
        ("<think>zq </thinking> zq</think>Hello.", "Hello."),
        ('Ok <tool_call>{"name": "zq"}</tool_call>then.', "Ok then."),
        ("<function=show_card>zq</function>Shown.", "Shown."),
        ("<ns:function_calls>zq</ns:function_calls>Shown.", "Shown."),
        ("Hello.<|im_end|>", "Hello."),
        ("Hello<|eot_id|> again", "Hello again"),
        ("Ok.<|python_tag|>zq(1)", "Ok."),
        ("Ok.<｜tool▁calls▁begin｜>zq<｜tool▁calls▁end｜>", "Ok."),
        ("[TOOL_CALLS]zq", ""),
        ("<|channel|>analysis<|message|>zq<|end|><|start|>assistant<|channel|>final<|message|>Hi.", "Hi."),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("a <b>bold</b> word", "a <b>bold</b> word"),
        ("an [aside] and [TOO many]", "an [aside] and [TOO many]"),
        ("it is <", "it is <"),
        ("it is <thi", "it is "),
    ],
)
def test_thoughts_and_markup_are_dropped_and_the_rest_is_kept(arrived: str, expected: str) -> None:
    """Whole or one character at a time, the same text is spoken."""
    assert expected == spoken(arrived)
    assert expected == spoken(*arrived)


def test_plain_text_is_never_held_back() -> None:
    """Text without a possible marker is passed on in the very call that brought it."""
    thoughts = ThoughtFilter()

    assert thoughts.feed("One") == "One"
    assert thoughts.feed(" two,") == " two,"
    assert thoughts.feed(" three <") == " three "
    assert thoughts.feed(" four") == "< four"
    assert ThoughtFilter().feed("5 <6") == "5 <6"


TAGS = ["think", "thinking", "reasoning", "tool_call", "function_calls"]
plain = st.text(st.characters(blacklist_characters="<[|｜", blacklist_categories=["Cs"]), max_size=12)


@st.composite
def replies(draw: st.DrawFn) -> tuple[str, str]:
    """A reply with hidden parts, and what should be heard of it."""
    arrived, heard = "", ""
    for kind in draw(st.lists(st.sampled_from(["plain", "hidden", "token", "odd"]), max_size=6)):
        if kind == "plain":
            text = draw(plain)
            arrived, heard = arrived + text, heard + text
        elif kind == "hidden":
            tag = draw(st.sampled_from(TAGS))
            inner = draw(plain) + SECRET + draw(st.sampled_from(["", "<", "</", "< b >", "<x>", "[", "<|x|>"])) + SECRET
            arrived += f"<{tag}>{inner}</{tag}>"
        elif kind == "token":
            arrived += draw(st.sampled_from(["<|im_end|>", "<|eot_id|>", "<｜x｜>"]))
        else:
            text = draw(st.sampled_from(["<<", "< ", "[a]", "<3 ", "<|nope ", "<b>"]))
            arrived, heard = arrived + text, heard + text
    return arrived + ".", heard + "."


@st.composite
def cuts(draw: st.DrawFn, text: str) -> list[str]:
    """The text cut anywhere."""
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    bounds = [0, *places, len(text)]
    return [text[a:b] for a, b in pairwise(bounds)]


@given(st.data())
def test_any_chunking_gives_the_same_text_and_never_a_hidden_one(data: st.DataObject) -> None:
    """Chunk borders mean nothing, and nothing between hidden tags is heard."""
    arrived, heard = data.draw(replies())
    whole = spoken(arrived)

    assert heard.lstrip() == whole
    assert SECRET not in whole or SECRET in heard
    assert whole == spoken(*data.draw(cuts(arrived)))
    assert whole == spoken(*arrived)


@given(st.text(alphabet="<>/|[]thinkTOOL_CALS ab", max_size=120), st.data())
def test_arbitrary_rubble_is_cut_anywhere_with_the_same_result(text: str, data: st.DataObject) -> None:
    """Even for text made of half markers the result depends on the text alone."""
    assert spoken(text) == spoken(*data.draw(cuts(text)))
