//! RAKP Message 2.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::settles::<ipmi_wire::session::Rakp2>);
