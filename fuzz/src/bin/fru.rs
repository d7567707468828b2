//! FRU information, and an edit of it.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::fru);
