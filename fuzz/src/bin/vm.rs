//! A link to a virtual machine: whatever that sends, and what it is answered.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::vm::run);
