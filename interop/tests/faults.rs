//! Every fault, put on by a BMC of ours, as the real consoles see it: without it, with it, and, where
//! FreeIPMI has a workaround of that name, cured.
//!
//! A fault that FreeIPMI's workaround does not cure would not be the one that its manual means.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_bmc::faults::{Fault, FaultGroup, FaultKind};

/// What a console says only with the fault, or only without it.
#[derive(Clone, Copy, Debug)]
enum Sign {
    /// Says this with the fault alone.
    Gains(&'static str),
    /// Says this without the fault alone.
    Loses(&'static str),
    /// `raw` shows as many bytes less as the fault takes away, or more.
    Bytes(isize),
}
use Sign::{Bytes, Gains, Loses};

/// A fault and how it shows.
#[derive(Clone, Copy, Debug)]
struct Row {
    fault: &'static str,
    /// What is set up before, with ipmitool.
    before: &'static [&'static str],
    /// A program and its words.
    command: &'static str,
    sign: Sign,
    /// FreeIPMI has a workaround of that name, and it helps.
    cured: bool,
}

const fn row(fault: &'static str, command: &'static str, sign: Sign) -> Row {
    Row { fault, before: &[], command, sign, cured: false }
}

const fn cured(fault: &'static str, command: &'static str, sign: Sign) -> Row {
    Row { cured: true, ..row(fault, command, sign) }
}

const fn after(before: &'static [&'static str], row: Row) -> Row {
    Row { before, ..row }
}

const TABLE: &[Row] = &[
    row("busy=1", "ipmi-chassis --get-status", Gains("BMC busy")),
    row("busy=1", "ipmitool mc info", Gains("Node busy")),
    row("shortanswer=1", "bmc-info --get-device-id", Gains("internal IPMI error")),
    row("shortanswer=3", "ipmitool raw 6 1", Bytes(-3)),
    row("longanswer=12", "ipmitool raw 6 1", Bytes(12)),
    row("newguid", "ipmitool mc guid", Loses("6c616e74-6572-4e00-8000-000000000001")),
    cured(
        "guidformat",
        "bmc-info --get-device-guid",
        Loses("6c616e74-6572-4e00-8000-000000000001"),
    ),
    row("guidformat", "ipmitool mc guid", Gains("SMBIOS")),
    cured("assumemaxsdrrecordcount", "ipmi-sensors", Loses("CPU1 Temp")),
    row("sdrcount=900", "ipmi-sensors", Gains("SDR record 2 of 9")),
    row("sdrshortread", "ipmitool raw 0x0a 0x23 0 0 0 0 0 0xff", Bytes(-41)),
    row("sdrexcess=4", "ipmitool raw 0x0a 0x23 0 0 0 0 0 0xff", Bytes(4)),
    row("sdrlastunreadable", "ipmitool raw 0x0a 0x23 0 0 0xff 0xff 0 0xff", Gains("rsp=0xc3")),
    row("sdrwrongid", "ipmitool sdr elist", Gains("ipmi_sdr_get_record() failed")),
    row("sdrinfodenied", "ipmitool sdr elist", Gains("Insufficient privilege level")),
    cured("assumebmcowner", "ipmi-sensors", Gains("| N/A        | C     | N/A")),
    row("selcount=900", "ipmitool sel info", Gains("Entries          : 90")),
    row("noselentry", "ipmitool sel list", Gains("Invalid command")),
    row("noselreserve", "ipmitool sel delete 1", Gains("Unable to reserve SEL")),
    cured("assumesystemevent", "ipmi-sel", Gains("Unknown SEL Record Type: 0h")),
    cured("skipchecks", "ipmi-fru", Gains("common header checksum invalid")),
    row("nofru", "ipmitool fru print 0", Gains("Command response could not be provided")),
    cured("ignorescanningdisabled", "ipmi-sensors", Gains("| N/A        | C     | N/A")),
    row("ignorescanningdisabled", "ipmitool sdr elist", Gains("Disabled")),
    row("sensorcode", "ipmitool raw 4 0x2d 4", Gains("rsp=0xcb")),
    row("sensorcode=0xce", "ipmitool raw 4 0x2d 4", Gains("rsp=0xce")),
    row("shortstates", "ipmitool raw 4 0x2d 4", Bytes(-2)),
    row("enableneedspassword", "ipmitool raw 6 0x47 4 1", Gains("rsp=0xc7")),
    after(
        &["user set name 5 bob"],
        row("passwordfirst", "ipmitool user enable 5", Gains("not supported in present state")),
    ),
    row("namefirst", "ipmitool user priv 5 3 1", Gains("Invalid data field")),
    row("samename", "ipmitool user set name 4 guest", Gains("Invalid data field")),
    row("passwordpolicy", "ipmitool user set password 4 seven_7", Gains("0x8F")),
    // Eight are enough, unless more is asked for.
    row("passwordpolicy=9", "ipmitool user set password 4 eight__8", Gains("0x8F")),
    row("reservedlimit", "ipmitool raw 6 0x44 1 9", Loses("1f")),
    after(
        &["user set name 5 bob"],
        row("busyafteruser=5", "ipmitool user summary 1", Gains("Node busy")),
    ),
    after(
        &["user set name 5 bob", "user set name 6 eve"],
        row("slowcommit", "ipmitool -c user list 1", Loses("6,eve")),
    ),
    after(
        &["raw 0x0c 1 1 5 2 0 0 0 0 9"],
        row("macignored", "ipmitool raw 0x0c 2 1 5 0 0", Loses("00 00 00 00 09")),
    ),
    row("readonlycode", "ipmitool raw 0x0c 1 1 22 1", Gains("rsp=0xd5")),
    row("readonlycode=0x80", "ipmitool raw 0x0c 1 1 22 1", Gains("rsp=0x80")),
    after(
        &["lan set 1 defgw ipaddr 10.0.0.1", "lan set 1 netmask 255.255.0.0"],
        row("maskclearsgateway", "ipmitool raw 0x0c 2 1 12 0 0", Loses("11 0a 00 00 01")),
    ),
    // Not disabled: operators at most, from the next start on, or at once.
    after(
        &["raw 6 0x40 1 0x42 0x43"],
        row("nvchangesvolatile", "ipmitool raw 6 0x41 1 0x80", Gains("Unable to establish")),
    ),
    cured(
        "solchannelassumelanchannel",
        "ipmi-config --checkout -S SOL_Conf",
        Loses("Enable_SOL  "),
    ),
    row("solchannelsupport", "ipmitool raw 6 0x4e 1", Gains("rsp=0xc1")),
    row("solstatus", "ipmitool raw 6 0x4a 1", Gains("rsp=0xcc")),
    row("osnameshort", "ipmitool raw 6 0x59 0 3 0 0", Bytes(-15)),
    row("sysinfodenied", "bmc-info --get-system-info", Gains("privilege level insufficient")),
    row("ignorestateflag", "ipmitool mc watchdog get", Gains("Started/Running")),
    // Patiently: what is asked again is the other answer.
    row("watchdogempty", "ipmitool -N 20 raw 6 0x25", Bytes(-8)),
    row("bootextra", "ipmitool raw 0 9 5 0 0", Bytes(12)),
];

#[test]
fn each_shows_and_is_cured_as_the_list_says() {
    let rows = TABLE.iter().map(|row| row.fault.parse::<Fault>().unwrap().kind);
    let covered: Vec<_> = rows.collect();
    for kind in FaultKind::ALL {
        // Those of the line: crates/ipmi-bmc/tests/faults.rs.
        let is_elsewhere = kind.facts().group == FaultGroup::Line;
        assert_ne!(covered.contains(&kind), is_elsewhere, "{}", kind.name());
    }
    // What waits for somebody's patience to end waits side by side.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let rows: Vec<_> = TABLE.iter().map(|row| scope.spawn(|| check(row))).collect();
        let outcomes = rows.into_iter().zip(TABLE).map(|(thread, row)| match thread.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("{row:?}: panicked")),
        });
        outcomes.filter_map(Result::err).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn check(row: &Row) -> Result<(), String> {
    let fault: Fault = row.fault.parse().unwrap();
    let run = |faults: Vec<Fault>, workaround: bool| -> Option<String> {
        let bmc = Bmc::with(|config| config.faults = faults);
        let tool = bmc.ipmitool(3)?;
        for words in row.before {
            tool.run(words).expect_success();
        }
        let (program, words) = row.command.split_once(' ').unwrap_or((row.command, ""));
        if program == "ipmitool" {
            return Some(tool.run(words).to_string());
        }
        let options = if workaround { vec!["-W", fault.kind.name()] } else { Vec::new() };
        Some(bmc.freeipmi(3)?.options(options).run(program, words).to_string())
    };
    let Some(without) = run(Vec::new(), false) else { return Ok(()) };
    let Some(with) = run(vec![fault], false) else { return Ok(()) };
    let shows = |says: &str| match row.sign {
        Gains(text) => says.contains(text),
        Loses(text) => !says.contains(text),
        Bytes(more) => bytes(says) - bytes(&without) == more,
    };
    if shows(&without) {
        return Err(format!("{row:?}: shows without the fault: {without}"));
    }
    if !shows(&with) {
        return Err(format!("{row:?}: does not show: {with}\nwithout: {without}"));
    }
    if row.cured
        && let Some(cured) = run(vec![fault], true)
        && shows(&cured)
    {
        return Err(format!("{row:?}: is not cured: {cured}"));
    }
    Ok(())
}

/// How many bytes `raw` shows: pairs of hexadecimal digits with blanks around.
fn bytes(says: &str) -> isize {
    let is_byte = |word: &&str| word.len() == 2 && u8::from_str_radix(word, 16).is_ok();
    let lines = says.lines().filter(|line| line.starts_with(' '));
    lines.flat_map(str::split_whitespace).filter(is_byte).count().try_into().unwrap()
}
