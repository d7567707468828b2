//! Who may run what, as ipmitool is told: every command that our BMC serves, at every privilege.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;

use common::Bmc;
use ipmi_wire::{Access, Body, CommandId, Privilege, registry};
use tempfile::TempDir;

/// A command as ipmitool writes it: NetFn and number.
type Number = (u8, u8);

/// What ends the session that the others are asked in.
const ENDS: [Number; 2] = [(0x06, 0x02), (0x06, 0x3c)];

/// The commands that ipmitool was refused: `… netfn=0x6 lun=0x0 cmd=0x2 rsp=0xd4): Insufficient
/// privilege level`.
fn refused(stderr: &str) -> BTreeSet<Number> {
    let number = |line: &str, name: &str| {
        let digits = line.split_once(name)?.1;
        let end = digits.find(|c: char| !c.is_ascii_hexdigit())?;
        u8::from_str_radix(&digits[..end], 16).ok()
    };
    stderr
        .lines()
        .filter(|line| line.ends_with("rsp=0xd4): Insufficient privilege level"))
        .map(|line| (number(line, "netfn=0x").unwrap(), number(line, " cmd=0x").unwrap()))
        .collect()
}

#[test]
fn ipmitool_is_refused_what_takes_more_privilege_than_it_has_and_nothing_else() {
    let bmc = Bmc::reference();
    let served = ipmi_bmc::served();
    let directory = TempDir::new().unwrap();
    for privilege in
        [Privilege::Callback, Privilege::User, Privilege::Operator, Privilege::Administrator]
    {
        let Some(tool) = bmc.ipmitool(17) else { return };
        let tool = tool.privilege(privilege.name());
        let (mut script, mut expected) = (String::new(), BTreeSet::new());
        let ungrouped = |id: CommandId| id.body == Body::None && served.contains(&id);
        for entry in registry::all().filter(|entry| ungrouped(entry.id)) {
            let number = (entry.id.netfn.number(), entry.id.cmd);
            let allowed = match entry.access {
                Access::PreSession => true,
                Access::Session(needed) => privilege >= needed,
                Access::SystemInterfaceOnly => false,
            };
            if !allowed {
                expected.insert(number);
            }
            if !allowed || !ENDS.contains(&number) {
                writeln!(script, "raw {:#04x} {:#04x}", number.0, number.1).unwrap();
            }
        }
        let path = directory.path().join(privilege.name());
        std::fs::write(&path, script).unwrap();
        let output = tool.run(&format!("exec {}", path.to_str().unwrap()));
        assert_eq!(refused(&output.stderr), expected, "as {privilege}: {output}");
    }
}

/// Appendix G's note to Set System Boot Options.
#[test]
fn ipmitool_needs_an_administrator_to_go_past_the_machines_passwords() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let bypass = "raw 0x00 0x08 0x05 0x80 0x04 0x08 0x00 0x00";
    let output = bmc.ipmitool(17).unwrap().privilege("OPERATOR").run(bypass);
    assert_eq!(refused(&output.stderr), [(0x00, 0x08)].into(), "{output}");
    let flags = tool.run("chassis bootparam get 5");
    assert!(!flags.expect_success().contains("User password bypass"), "{flags}");
    tool.run(bypass).expect_success();
    let flags = tool.run("chassis bootparam get 5");
    assert!(flags.expect_success().contains("User password bypass"), "{flags}");
}
