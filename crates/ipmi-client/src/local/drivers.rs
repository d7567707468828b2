//! What drivers have found: the interfaces that a BMC answered at.

use super::Machine;

/// An interface to a BMC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The driver: `ipmi_si`, `ipmi_ssif`.
    pub driver: &'static str,
    /// What the kernel calls the device: `IPI0001:00`, `dmi-ipmi-si.0`, a PCI address.
    pub device: String,
    /// `kcs`, `bt`, `smic` or `ssif`, if the driver says it.
    pub kind: Option<String>,
    /// The driver's own line: `kcs,i/o,0xca2,rsp=1,rsi=1,rsh=0,irq=5,ipmb=32`.
    pub parameters: Option<String>,
    /// Whether interrupts are used; without, the kernel polls, which is slower.
    pub interrupts: Option<bool>,
}

/// Where a driver's devices are listed, by the bus.
const DRIVERS: [(&str, &str); 5] = [
    ("ipmi_si", "/sys/bus/platform/drivers/ipmi_si"),
    ("ipmi_si", "/sys/bus/pci/drivers/ipmi_si"),
    ("ipmi_si", "/sys/bus/pnp/drivers/ipmi_si"),
    ("ipmi_si", "/sys/bus/parisc/drivers/ipmi_si"),
    ("ipmi_ssif", "/sys/bus/i2c/drivers/ipmi_ssif"),
];

pub(super) fn interfaces(machine: &Machine) -> Vec<Interface> {
    let mut found = Vec::new();
    for (driver, directory) in DRIVERS {
        for device in machine.names(directory) {
            let path = format!("{directory}/{device}");
            // Beside devices there are the driver's switches and the module it comes from.
            if device == "module" || !machine.path(&path).is_dir() {
                continue;
            }
            let text = |name: &str| machine.text(format!("{path}/{name}"));
            let kind = text("type").or_else(|| (driver == "ipmi_ssif").then(|| "ssif".to_owned()));
            // One that another table has told of, too, is bound twice and used once.
            if kind.is_none() && !machine.path(format!("{path}/ipmi")).is_dir() {
                continue;
            }
            let interrupts = text("interrupts_enabled").map(|text| text == "1");
            found.push(Interface { driver, device, kind, parameters: text("params"), interrupts });
        }
    }
    found
}
