"""For every test and for nbval: lessons train anew, whatever checkpoints a user's runs have left."""

import os

from grader.lab.checkpoints import VARIABLE

os.environ[VARIABLE] = "off"
