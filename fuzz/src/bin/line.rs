//! Serial over LAN: both ends of a line, over a network that a script makes.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::line::run);
