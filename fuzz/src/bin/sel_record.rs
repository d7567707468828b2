//! A System Event Log record.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::round_trip::<ipmi_wire::sel::SelRecord>);
