//! What help says beyond single options.

pub(super) const AFTER_HELP: &str = "\
Try 'lantern demo' first: it needs nothing and shows everything.

Passwords, in this order: -P, --password-file, LANTERN_PASSWORD, IPMI_PASSWORD, a prompt.
LANTERN_USER is the user where -U is missing, LANTERN_KG the K_g where --kg-file is.

Exit codes:
  0    success
  1    the BMC answered and refused, or the operation failed
  2    wrong usage or configuration
  3    no session: network, credentials, cipher suites
  4    outcome unknown: sent once, answer lost, and what was looked up proves nothing; look at
       the machine before repeating it
  5    --fail-on: a sensor is in that state, or worse
  6    of many BMCs, some are done and some failed (all failed alike: the code of one)
  130  interrupted";

pub(super) const NUMBERS: &str = "\
Numbers are decimal, or hexadecimal after 0x. Unlike with ipmitool, a leading 0 alone does not
make a number octal: 010 is ten.

The answer's bytes are printed in hexadecimal, 16 a line, without the completion code; a code
other than 00h is an error.";
