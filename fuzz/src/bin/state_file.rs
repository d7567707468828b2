//! What an earlier version of a BMC kept.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::kept::state_file);
