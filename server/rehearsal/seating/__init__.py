"""How the agent gets into a rehearsed meeting: its page opened directly, or seated by a stand-in of a bot host.

| module | what |
| --- | --- |
| `base` | `Seating`, the seam that `Stage` knows; what a seating accounts for at the end |
| `directly` | `Directly`: the page in Chromium, and nobody in between |
| `hosted` | what all hosts share: join by our own API, follow the bot's life, let it in, leave |
| `recall`, `meetstream` | `ThroughRecall`, `ThroughMeetStream` |
| `bridge`, `recall_bridge`, `meetstream_bridge` | tell the vendor's bot what happens in the meeting, as it happens |
| `page` | the page in Chromium with the host it knows from inside a bot |
| `mouth`, `stills` | what a bot without a page plays and shows |
"""
