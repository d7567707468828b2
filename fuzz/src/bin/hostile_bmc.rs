//! The console against a BMC that answers whatever it likes.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::ends::hostile_bmc);
