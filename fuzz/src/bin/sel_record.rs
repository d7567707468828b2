//! A System Event Log record.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::event);
