"""Meeting bot vendors without the vendors: servers on the loopback address that speak the true protocols.

A stand-in takes the vendor's REST calls over real HTTP; for each bot it dials out to the websocket and webhook
addresses of the Create Bot request and signs what the vendor signs. Nothing here knows `server.hosts`, which it tests.

    async with RecallService(key="k", secrets=["whsec_..."], dashboard_url=".../status") as recall:
        ...                                  # point the software under test at recall.url and let it create a bot
        bot = await recall.next_bot()
        await bot.reaches("in_call_recording")
        bot.person_joins(100, "Ana", is_host=True)
        bot.says(100, "Parley, what did we decide?", 4.0, 6.0)
        await bot.settled()                  # everything above was handed to the network
        bot.end_meeting()
        await bot.reaches("done")

| module | what |
| --- | --- |
| `recall_service`, `recall_bot` | Recall.ai: `RecallService`, `RecallBot`, `Habits` |
| `meetstream_service`, `meetstream_bot` | MeetStream: `MeetStreamService`, `MeetStreamBot`, `MeetStreamHabits` |
| `film` | faces, slides, H.264 access units, fragmented MP4 and tones; deterministic. Needs PyAV |
| `line`, `post`, `signing`, `mischief` | a websocket and a webhook address as a vendor, or a forger, uses them |
| `vendor`, `life`, `answers`, `serving`, `clocks`, `news`, `words` | what both services share |

Calls on a bot never wait: they queue, and `settled()` waits. All waits of a vendor (3 s between reconnects, 5 minutes
between webhooks) go through `Clocks.sleep`, so that a test can make them nothing. Needs the extra `rehearse`.
"""
