//! A line that comes in at a BMC's control socket.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::control);
