//! IPMI 1.5 session header.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::packets::v15);
