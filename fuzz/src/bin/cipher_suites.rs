//! A list of cipher suite records.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::cipher_suites);
