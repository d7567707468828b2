//! A whole datagram.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::packets::datagram);
