//! LAN and SOL parameters as FreeIPMI's `ipmi-config` reads them, writes them back and compares
//! them; `bmc-device` for the counters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_wire::session::AuthType;
use lantern_testkit::peers::FreeIpmi;

/// A section of `ipmi-config`, and whether reading it all ends with status 1, with the reason: that
/// alone is an allowed error.
const SECTIONS: [(&str, Option<&str>); 7] = [
    ("Lan_Conf", None),
    ("Lan6_Conf", None),
    ("Lan_Conf_Auth", Some("it counts the OEM's authentication type, of which there is none")),
    ("Lan_Conf_Misc", None),
    ("Lan_Conf_User_Security", None),
    ("Rmcpplus_Conf_Privilege", Some("it counts the cipher suites that are not on offer")),
    ("SOL_Conf", None),
];

/// The keys and values of a checkout.
fn values(text: &str) -> Vec<(&str, &str)> {
    let pairs = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = pairs.filter_map(|line| line.split_once(char::is_whitespace));
    let pairs = pairs.filter(|(key, _)| *key != "Section");
    pairs.map(|(key, value)| (key, value.trim())).collect()
}

fn checkout(tool: &FreeIpmi, section: &str) -> String {
    let output = tool.run("ipmi-config", &format!("--checkout -S {section}"));
    let (_, allowed) = SECTIONS.iter().find(|(name, _)| *name == section).unwrap();
    assert_eq!(output.code(), Some(i32::from(allowed.is_some())), "{section}: {output}");
    assert_eq!(output.stderr, "", "{section}");
    output.stdout
}

#[test]
fn what_is_checked_out_can_be_committed_and_does_not_differ_then() {
    let state = tempfile::tempdir().unwrap();
    let start = || {
        Bmc::keeping(state.path(), |config| {
            config.ipmi15 = vec![AuthType::Md5, AuthType::Md2, AuthType::Password, AuthType::None];
        })
    };
    let bmc = start();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let file = tool.directory().join("own.conf");
    let own = SECTIONS.map(|(section, _)| checkout(&tool, section)).concat();
    std::fs::write(&file, &own).unwrap();
    let with_file = |action: &str| {
        let words = format!("{action} --filename {}", file.display());
        let output = tool.run("ipmi-config", &words);
        output.expect_success();
        assert_eq!((&*output.stdout, &*output.stderr), ("", ""), "{action}");
    };
    for action in ["--diff", "--commit", "--diff"] {
        with_file(action);
    }
    // One other value each is written, read back, and there after a restart.
    let changed = own
        .replace("IP_Address                                    127.0.0.1", "IP_Address 192.0.2.5")
        .replace(
            "Subnet_Mask                                   255.0.0.0",
            "Subnet_Mask 255.255.0.0",
        )
        .replace("Enable_Gratuitous_ARPs                        No", "Enable_Gratuitous_ARPs Yes")
        .replace("Bad_Password_Threshold                        10", "Bad_Password_Threshold 3")
        .replace("Cipher_Suite_Id_3           Administrator", "Cipher_Suite_Id_3 Operator")
        .replace("SOL_Retry_Count                               7", "SOL_Retry_Count 2")
        .replace(
            "IPv6_Static_Address                           ::",
            "IPv6_Static_Address 2001:db8::5",
        )
        .replace(
            "Admin_Enable_Auth_Type_Straight_Password      Yes",
            "Admin_Enable_Auth_Type_Straight_Password No",
        );
    std::fs::write(&file, &changed).unwrap();
    let diff = tool.run("ipmi-config", &format!("--diff --filename {}", file.display()));
    let lines = diff.stdout.lines().filter(|line| line.contains("input=`")).count();
    assert_eq!(lines, 8, "{diff}");
    with_file("--commit");
    with_file("--diff");
    drop(bmc);
    let bmc = start();
    let tool = bmc.freeipmi(17).unwrap();
    let again = SECTIONS.map(|(section, _)| checkout(&tool, section)).concat();
    assert_eq!(values(&again), values(&changed));
}

#[test]
fn a_checkout_of_all_has_every_section() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let output = tool.run("ipmi-config", "--checkout");
    assert_eq!(output.stderr, "", "{output}");
    for (section, _) in SECTIONS {
        let start = format!("Section {section}\n");
        assert!(output.stdout.contains(&start), "no {section} in {output}");
    }
    let values = values(&output.stdout);
    for pair in [
        ("IP_Address_Source", "Static"),
        ("IPv6_IPv4_Addressing_Enables", "IPv6_Disabled"),
        ("Enable_ARP_Response", "Yes"),
        ("User_Lockout_Interval", "30"),
        ("Maximum_Privilege_Cipher_Suite_Id_3", "Administrator"),
        ("Enable_SOL", "Yes"),
        ("SOL_Privilege_Level", "Operator"),
        ("Non_Volatile_Bit_Rate", "115200"),
    ] {
        assert!(values.contains(&pair), "no {pair:?} in {values:#?}");
    }
}

/// All of it, users included, written back as it is and compared.
#[test]
fn a_checkout_of_all_can_be_committed() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let file = tool.directory().join("all.conf");
    let own = tool.run("ipmi-config", "--checkout").stdout;
    std::fs::write(&file, &own).unwrap();
    for action in ["--diff", "--commit", "--diff"] {
        let output = tool.run("ipmi-config", &format!("{action} --filename {}", file.display()));
        output.expect_success();
        assert_eq!((&*output.stdout, &*output.stderr), ("", ""), "{action}");
    }
}

#[test]
fn counters_are_read_and_cleared() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    let counts = || {
        let output = tool.run("bmc-device", "--get-lan-statistics");
        let value = |name: &str| {
            let line = output.expect_success().lines().find(|line| line.starts_with(name)).unwrap();
            line.split_once(": ").unwrap().1.parse::<u16>().unwrap()
        };
        let received = value("IP Packets Received");
        assert_eq!(value("UDP Packets Received"), received);
        assert_eq!(value("Valid RMCP Packets Received"), received);
        assert_eq!(value("Received IP Header Errors"), 0);
        (received, value("IP Packets Transmitted"))
    };
    let first = counts();
    let second = counts();
    assert!(second.0 > first.0 && second.1 > first.1, "{first:?} {second:?}");
    tool.run("bmc-device", "--clear-lan-statistics").expect_success();
    let third = counts();
    assert!(third.0 < second.0 && third.1 < second.1, "{third:?}");
}
