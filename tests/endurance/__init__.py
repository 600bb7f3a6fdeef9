"""The relay in a world that is not simulated: processes of its own, killed at random, and a Twilio that outlives them.

python -m tests.endurance embedded --texts 2000 --kills 50 --seed 1
python -m tests.endurance google --texts 300 --kills 6 --pause-seconds 20 --seed 1
"""

import scripts.local_stack  # noqa: F401 - it makes the relay's modules found when this is run as a program
