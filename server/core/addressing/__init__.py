"""Is this said to the agent, and does it ask for something? `judging.py` is the way through; the rest are its steps."""

from server.core.addressing.context import Context as Context
from server.core.addressing.context import Recent as Recent
from server.core.addressing.context import Verdict as Verdict
from server.core.addressing.judging import calls as calls
from server.core.addressing.judging import is_name as is_name
from server.core.addressing.judging import judge as judge
