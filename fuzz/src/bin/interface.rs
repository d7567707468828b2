//! What surrounds a command on the host's own interface.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::packets::interface);
