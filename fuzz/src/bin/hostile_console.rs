//! The BMC against datagrams from nowhere.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::ends::hostile_console);
