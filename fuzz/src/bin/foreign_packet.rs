//! A packet in a session that nobody sealed.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::secrets::foreign_packet);
