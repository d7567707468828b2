//! An entry of type 38 of a machine's SMBIOS table.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::round_trip::<ipmi_wire::smbios::IpmiDeviceInformation>);
