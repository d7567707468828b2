//! What a QEMU's monitor says, or whoever is in its place.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::qmp);
