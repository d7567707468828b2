//! A packet in a session, sealed, opened, damaged.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::secrets::packet);
