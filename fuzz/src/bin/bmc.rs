//! Consoles and a whole BMC, with a hostile network between them.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::ends::bmc);
