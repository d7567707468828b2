//! A Sensor Data Record.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::sdr);
