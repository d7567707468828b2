//! An event, and what the maker of the BMC means by it.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::vendor);
