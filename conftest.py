"""For every test, and for nbval's notebooks in solutions/: lessons train anew, whatever a user's runs have left."""

import os

from grader.lab.checkpoints import VARIABLE

os.environ[VARIABLE] = "off"
