//! LAN parameters as ipmitool reads and sets them, over restarts, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::{Bmc, client_at, rows};
use ipmi_wire::Channel;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{LanParameter, SetLanConfigurationParameters};
use ipmi_wire::session::AuthType;
use lantern_testkit::peers::Ipmitool;

/// ipmitool tries a value that does not read back as it was set for half a minute: none here may.
const PATIENCE: Duration = Duration::from_secs(25);

fn tool(bmc: &Bmc) -> Option<Ipmitool> {
    bmc.ipmitool(17).map(|tool| tool.timeout(PATIENCE))
}

/// What `lan print` says under `name`.
fn printed(tool: &Ipmitool, name: &str) -> String {
    let print = tool.run("lan print 1");
    let start = format!("{name:24}: ");
    let line = print.expect_success().lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no `{name}` in {print}")).trim_end().to_owned()
}

fn set(tool: &Ipmitool, words: &str) {
    tool.run(&format!("lan set 1 {words}")).expect_success();
}

#[test]
fn what_is_delivered_is_printed() {
    let bmc = Bmc::reference();
    let Some(tool) = tool(&bmc) else { return };
    let print = tool.run("lan print 1");
    let lines: Vec<_> = print.expect_success().lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "Set in Progress         : Set Complete",
            "Auth Type Support       :",
            "Auth Type Enable        : Callback :",
            "                        : User     :",
            "                        : Operator :",
            "                        : Admin    :",
            "                        : OEM      :",
            "IP Address Source       : Static Address",
            "IP Address              : 127.0.0.1",
            "Subnet Mask             : 255.0.0.0",
            "MAC Address             : 02:00:00:00:00:01",
            "SNMP Community String   : public",
            "IP Header               : TTL=0x40 Flags=0x40 Precedence=0x00 TOS=0x10",
            "BMC ARP Control         : ARP Responses Enabled, Gratuitous ARP Disabled",
            "Gratituous ARP Intrvl   : 2.0 seconds",
            "Default Gateway IP      : 0.0.0.0",
            "Default Gateway MAC     : 00:00:00:00:00:00",
            "Backup Gateway IP       : 0.0.0.0",
            "Backup Gateway MAC      : 00:00:00:00:00:00",
            "802.1q VLAN ID          : Disabled",
            "802.1q VLAN Priority    : 0",
            "RMCP+ Cipher Suites     : 17,3",
            "Cipher Suite Priv Max   : XXXaXXXXXXXXXXX",
            "                        :     X=Cipher Suite Unused",
            "                        :     c=CALLBACK",
            "                        :     u=USER",
            "                        :     o=OPERATOR",
            "                        :     a=ADMIN",
            "                        :     O=OEM",
            "Bad Password Threshold  : 10",
            "Invalid password disable: yes",
            "Attempt Count Reset Int.: 300",
            "User Lockout Interval   : 300",
        ]
    );
    assert_eq!(print.stderr, "", "{print}");
    assert_eq!(tool.run("lan print").expect_success(), print.stdout);
    tool.run("lan print 2").expect_failure();
}

/// `lan set` with what `lan print` says then.
const SETTINGS: [(&str, &str, &str); 26] = [
    ("ipsrc none", "IP Address Source", "Unspecified"),
    ("ipsrc bios", "IP Address Source", "BIOS Assigned Address"),
    ("ipsrc dhcp", "IP Address Source", "DHCP Address"),
    ("ipsrc static", "IP Address Source", "Static Address"),
    ("ipaddr 192.0.2.55", "IP Address", "192.0.2.55"),
    ("netmask 255.255.255.128", "Subnet Mask", "255.255.255.128"),
    ("macaddr 02:11:22:33:44:55", "MAC Address", "02:11:22:33:44:55"),
    ("defgw ipaddr 192.0.2.1", "Default Gateway IP", "192.0.2.1"),
    ("defgw macaddr 02:00:00:00:00:11", "Default Gateway MAC", "02:00:00:00:00:11"),
    ("bakgw ipaddr 192.0.2.2", "Backup Gateway IP", "192.0.2.2"),
    ("bakgw macaddr 02:00:00:00:00:12", "Backup Gateway MAC", "02:00:00:00:00:12"),
    ("snmp geheim", "SNMP Community String", "geheim"),
    ("arp respond off", "BMC ARP Control", "ARP Responses Disabled, Gratuitous ARP Disabled"),
    ("arp respond on", "BMC ARP Control", "ARP Responses Enabled, Gratuitous ARP Disabled"),
    ("arp generate on", "BMC ARP Control", "ARP Responses Enabled, Gratuitous ARP Enabled"),
    ("arp interval 9", "Gratituous ARP Intrvl", "9.0 seconds"),
    ("vlan id 42", "802.1q VLAN ID", "42"),
    ("vlan priority 5", "802.1q VLAN Priority", "5"),
    ("vlan id off", "802.1q VLAN ID", "Disabled"),
    ("vlan id 4094", "802.1q VLAN ID", "4094"),
    ("cipher_privs XXXoXXXXXXXXXXX", "Cipher Suite Priv Max", "XXXoXXXXXXXXXXX"),
    ("cipher_privs XXXXXXXXXXXXXXX", "Cipher Suite Priv Max", "XXXXXXXXXXXXXXX"),
    ("cipher_privs XXXaXXXXXXXXXXX", "Cipher Suite Priv Max", "XXXaXXXXXXXXXXX"),
    ("bad_pass_thresh 0 0 0 0", "Bad Password Threshold", "0"),
    ("bad_pass_thresh 3 1 6 12", "Attempt Count Reset Int.", "60"),
    ("bad_pass_thresh 4 1 6 18", "User Lockout Interval", "180"),
];

#[test]
fn what_is_set_is_printed_and_there_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool_before) = tool(&bmc) else { return };
    for (words, name, says) in SETTINGS {
        set(&tool_before, words);
        assert_eq!(printed(&tool_before, name), says, "{words}");
    }
    let before = tool_before.run("lan print 1").stdout;
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let tool = tool(&bmc).unwrap();
    assert_eq!(tool.run("lan print 1").expect_success(), before);
    // The configuration has the last word, once it says something else.
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |config| config.network.vlan = Some(7));
    let tool = self::tool(&bmc).unwrap();
    assert_eq!(printed(&tool, "802.1q VLAN ID"), "7");
    assert_eq!(printed(&tool, "IP Address"), "127.0.0.1");
    assert_eq!(printed(&tool, "SNMP Community String"), "geheim");
}

#[test]
fn what_makes_no_sense_is_refused_at_once() {
    let bmc = Bmc::reference();
    let Some(tool) = tool(&bmc) else { return };
    let before = tool.run("lan print 1").stdout;
    for words in [
        "ipaddr 224.0.0.1",
        "netmask 255.0.255.0",
        "macaddr 01:00:5e:00:00:01",
        // No session of IPMI 1.5 is configured, and no suite 2.
        "auth admin md5",
        "cipher_privs XXaaXXXXXXXXXXX",
        "cipher_privs XXXOXXXXXXXXXXX",
    ] {
        tool.run(&format!("lan set 1 {words}")).expect_failure();
        assert_eq!(tool.run("lan print 1").stdout, before, "{words}");
    }
    for (raw, code) in [
        ("0x01 0x01 0x01 0x04", "rsp=0x82"),
        ("0x01 0x01 0x17 0x00", "rsp=0x82"),
        ("0x01 0x01 0x09 0x98 0x02", "rsp=0x80"),
        ("0x01 0x01 0xc0 0x00", "rsp=0x80"),
        ("0x02 0x01 0xc0 0x00 0x00", "rsp=0x80"),
        ("0x02 0x02 0x03 0x00 0x00", "rsp=0xcc"),
        ("0x01 0x01 0x03 0x0a 0x00 0x00", "rsp=0xc7"),
    ] {
        let output = tool.run(&format!("raw 0x0c {raw}"));
        assert!(output.expect_failure().contains(code), "{output}");
    }
    // The null user's, who is never on: there is no password to set, and access is of no use.
    let output = tool.run("lan set 1 password Secret_1");
    assert!(output.expect_failure().contains("Unable to Set LAN Password for user 1"), "{output}");
    set(&tool, "user");
    // By DHCP an address comes, or it does not: nobody sets it.
    set(&tool, "ipsrc dhcp");
    assert_eq!(printed(&tool, "IP Address"), "0.0.0.0");
    for words in ["ipaddr 192.0.2.5", "netmask 255.0.0.0", "defgw ipaddr 192.0.2.1"] {
        tool.run(&format!("lan set 1 {words}")).expect_failure();
    }
    // Whoever may not write may read.
    let oper = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3").unwrap().suite(17);
    let oper = oper.privilege("OPERATOR").timeout(PATIENCE);
    assert_eq!(printed(&oper, "IP Address Source"), "DHCP Address");
    oper.run("lan set 1 ipsrc static").expect_failure();
    assert_eq!(printed(&tool, "IP Address Source"), "DHCP Address");
}

#[test]
fn an_address_that_comes_by_dhcp_is_printed() {
    let bmc = Bmc::with(|config| {
        let lease = ipmi_bmc::Lease {
            address: [192, 0, 2, 77].into(),
            netmask: [255, 255, 255, 0].into(),
            gateway: [192, 0, 2, 1].into(),
        };
        config.network.lease = Some(lease);
    });
    let Some(tool) = tool(&bmc) else { return };
    assert_eq!(printed(&tool, "IP Address"), "127.0.0.1");
    set(&tool, "ipsrc dhcp");
    assert_eq!(printed(&tool, "IP Address"), "192.0.2.77");
    assert_eq!(printed(&tool, "Default Gateway IP"), "192.0.2.1");
}

#[test]
fn a_suite_that_is_switched_off_lets_nobody_in() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = tool(&bmc) else { return };
    let by_three = |bmc: &Bmc| bmc.ipmitool(3).unwrap();
    by_three(&bmc).run("mc info").expect_success();
    // Less than the user may do is the most that there is.
    set(&tool, "cipher_privs XXXuXXXXXXXXXXX");
    by_three(&bmc).run("mc info").expect_failure();
    by_three(&bmc).privilege("USER").run("mc info").expect_success();
    by_three(&bmc).privilege("OPERATOR").run("chassis power on").expect_failure();
    tool.run("chassis power status").expect_success();
    set(&tool, "cipher_privs XXXXXXXXXXXXXXX");
    for privilege in ["USER", "ADMINISTRATOR"] {
        by_three(&bmc).privilege(privilege).run("mc info").expect_failure();
    }
    let list = tool.run("channel getciphers ipmi 1");
    let list = rows(list.expect_success()).join("\n");
    assert!(list.contains("17") && !list.contains("hmac_sha1  "), "{list}");
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    by_three(&bmc).privilege("USER").run("mc info").expect_failure();
    let tool = self::tool(&bmc).unwrap();
    set(&tool, "cipher_privs XXXaXXXXXXXXXXX");
    by_three(&bmc).run("mc info").expect_success();
}

#[test]
fn an_authentication_type_is_good_for_the_levels_that_it_is_enabled_for() {
    let bmc = Bmc::with(|config| config.ipmi15 = vec![AuthType::Md5, AuthType::Password]);
    let Some(tool) = tool(&bmc) else { return };
    let lan = |privilege: &str, auth: &str| {
        let tool = Ipmitool::new(bmc.addr, "admin", "Complex_Pass").unwrap().lan();
        let tool = tool.privilege(privilege).options(["-A", auth]);
        tool.run("mc info").is_success()
    };
    assert_eq!(printed(&tool, "Auth Type Support"), "MD5 PASSWORD");
    assert!(lan("ADMINISTRATOR", "MD5") && lan("ADMINISTRATOR", "PASSWORD"));
    set(&tool, "auth admin md5");
    let print = tool.run("lan print 1");
    for line in ["Operator : MD5 PASSWORD", "Admin    : MD5"] {
        let has = print.stdout.lines().any(|printed| printed.trim_end().ends_with(line));
        assert!(has, "no `{line}` in {print}");
    }
    assert!(lan("ADMINISTRATOR", "MD5") && !lan("ADMINISTRATOR", "PASSWORD"));
    assert!(lan("OPERATOR", "PASSWORD") && lan("USER", "MD5"));
}

#[tokio::test]
async fn setting_that_is_left_hanging_holds_up_nobody() {
    let bmc = Bmc::reference();
    let Some(tool) = tool(&bmc) else { return };
    let run = async |words: &'static str| {
        let tool = tool.clone();
        tokio::task::spawn_blocking(move || tool.run(words)).await.unwrap()
    };
    let (endpoint, client) = client_at(bmc.addr);
    let send = async |parameter| {
        let channel = Channel::new(1);
        client.send(&SetLanConfigurationParameters { channel, parameter }).await
    };
    let state = async || {
        let print = run("lan print 1").await;
        let print = print.expect_success();
        let value = |name: &str| {
            let line = print.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_once(": ").unwrap().1.to_owned()
        };
        (value("Set in Progress"), value("IP Address  "), value("802.1q VLAN Priority"))
    };
    let is = |progress: &str, address: &str, priority: &str| {
        (progress.to_owned(), address.to_owned(), priority.to_owned())
    };
    send(LanParameter::SetInProgress(SetInProgress::InProgress)).await.unwrap();
    send(LanParameter::IpAddress([192, 0, 2, 5].into())).await.unwrap();
    assert_eq!(state().await, is("Set In Progress", "127.0.0.1", "0"));
    // ipmitool goes on without the lock, and what it sets holds. `lan6` insists (and ends with 0).
    run("lan set 1 vlan priority 5").await.expect_success();
    assert_eq!(state().await, is("Set In Progress", "127.0.0.1", "5"));
    for words in ["lan6 lock 1", "lan6 set 1 enables both", "lan6 commit 1", "lan6 discard 1"] {
        let output = run(words).await;
        assert!(output.stderr.contains("Set already in progress"), "{output}");
    }
    // The console goes: its session closes, and takes back what it did not complete.
    endpoint.shutdown().await;
    assert_eq!(state().await, is("Set Complete", "127.0.0.1", "5"));
    run("lan6 set 1 enables both").await.expect_success();
    // A lock that ends with its session is gone before anybody can see it.
    run("lan6 lock 1").await.expect_success();
    run("lan6 commit 1").await.expect_success();
    run("lan6 discard 1").await.expect_success();
    assert_eq!(state().await, is("Set Complete", "127.0.0.1", "5"));
}

#[test]
fn alert_destinations_are_set_and_kept_but_for_the_first() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = tool(&bmc) else { return };
    let all = tool.run("lan alert print 1");
    assert_eq!(all.expect_success().matches("Alert Destination ").count(), 9);
    for number in [0, 8] {
        for words in [
            "ipaddr 192.0.2.9",
            "macaddr 02:00:00:00:00:09",
            "gateway backup",
            "ack on",
            "type oem1",
            "time 9",
            "retry 3",
        ] {
            tool.run(&format!("lan alert set 1 {number} {words}")).expect_success();
        }
    }
    let expected = |number: u8| {
        format!(
            "Alert Destination       : {number}\n\
             Alert Acknowledge       : Acknowledged\n\
             Destination Type        : OEM 1\n\
             Acknowledge Timeout     : 9\n\
             Number of Retries       : 3\n\
             Alert Gateway           : Backup\n\
             Alert IP Address        : 192.0.2.9\n\
             Alert MAC Address       : 02:00:00:00:00:09\n\n"
        )
    };
    for number in [0, 8] {
        let print = tool.run(&format!("lan alert print 1 {number}"));
        assert_eq!(print.expect_success(), expected(number));
    }
    tool.run("lan alert set 1 8 type pet").expect_success();
    tool.run("lan alert set 1 8 gateway default").expect_success();
    let kept = tool.run("lan alert print 1 8").stdout;
    assert!(kept.contains("PET Trap") && kept.contains("Gateway           : Default"), "{kept}");
    tool.run("lan alert print 1 9").expect_failure();
    tool.run("lan alert set 1 9 ack on").expect_failure();
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let tool = self::tool(&bmc).unwrap();
    assert_eq!(tool.run("lan alert print 1 8").expect_success(), kept);
    assert!(tool.run("lan alert print 1 0").expect_success().contains("0.0.0.0"));
}

#[test]
fn alerting_and_access_are_set_for_now_and_for_later() {
    let bmc = Bmc::reference();
    let Some(tool) = tool(&bmc) else { return };
    // ipmitool 1.8.19 sets the bit that disables for `on` (lib/ipmi_lanp.c), and reads it aright.
    for (word, says) in [("on", "disabled"), ("off", "enabled")] {
        set(&tool, &format!("alert {word}"));
        let info = tool.run("channel info 1");
        let lines = info.expect_success().lines().filter(|line| line.contains("Alerting"));
        let lines: Vec<_> = lines.map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(lines, [says, says], "{info}");
    }
    set(&tool, "access on");
    tool.run("mc info").expect_success();
    // ipmitool gives up its session with the channel that it has closed.
    set(&tool, "access off");
    tool.run("mc info").expect_failure();
}

#[test]
fn packets_are_counted_until_they_are_cleared() {
    let bmc = Bmc::reference();
    let Some(tool) = tool(&bmc) else { return };
    // ipmitool 1.8.19 exchanges the bytes of each figure.
    let counts = || {
        let stats = tool.run("lan stats get 1");
        let value = |name: &str| {
            let line = stats.expect_success().lines().find(|line| line.starts_with(name)).unwrap();
            line.split_once(": ").unwrap().1.parse::<u16>().unwrap().swap_bytes()
        };
        let received = value("IP Rx Packet");
        assert_eq!((value("UDP Rx Packet"), value("RMCP Rx Valid")), (received, received));
        for name in [
            "IP Rx Header Errors",
            "IP Rx Address Errors",
            "IP Rx Fragmented",
            "UDP Proxy Packet Received",
            "UDP Proxy Packet Dropped",
        ] {
            assert_eq!(value(name), 0);
        }
        (received, value("IP Tx Packet"))
    };
    let first = counts();
    assert!(first.0 > 5 && first.1 > 5, "{first:?}");
    let second = counts();
    assert!(second.0 > first.0 && second.1 > first.1, "{second:?}");
    tool.run("lan stats clear 1").expect_success();
    let third = counts();
    assert!(third.0 < second.0 && third.1 < second.1, "{third:?}");
    tool.run("lan stats get 2").expect_failure();
}

#[test]
fn ipv6_is_set_and_kept() {
    let state = tempfile::tempdir().unwrap();
    let start = || {
        Bmc::keeping(state.path(), |config| {
            config.network.dynamic6 = vec![ipmi_bmc::Dynamic6 {
                source: ipmi_wire::cmd::transport::Ipv6Source::DHCPV6,
                address: "2001:db8::aa".parse().unwrap(),
                prefix_length: 128,
            }];
        })
    };
    let bmc = start();
    let Some(tool) = tool(&bmc) else { return };
    for words in [
        "enables both",
        "traffic_class 3",
        "static_hops 33",
        "flow_label 0x12345",
        "static_addr 0 enable 2001:db8::9 64",
        "static_addr 1 disable 2001:db8::8 48",
        "rtr_cfg static",
        "static_rtr 1 fe80::1 02:00:00:00:00:01 2001:db8:: 64",
        "static_rtr 2 fe80::2 02:00:00:00:00:02 2001:db8:1:: 48",
    ] {
        tool.run(&format!("lan6 set 1 {words}")).expect_success();
    }
    let print = tool.run("lan6 print 1");
    let expected = "\
IPv6/IPv4 Support:
    IPv6 only: yes
    IPv4 and IPv6: yes
    IPv6 Destination Addresses for LAN alerting: no
IPv6/IPv4 Addressing Enables: both
IPv6 Header Traffic Class: 3
IPv6 Header Static Hop Limit: 33
IPv6 Header Flow Label: 74565
IPv6 Status:
    Static address max:  2
    Dynamic address max: 1
    DHCPv6 support:      yes
    SLAAC support:       no
IPv6 Static Address 0:
    Enabled:        yes
    Address:        2001:db8::9/64
    Status:         active
IPv6 Static Address 1:
    Enabled:        no
    Address:        2001:db8::8/48
    Status:         disabled
IPv6 DHCPv6 Static DUID Storage Length: 0
IPv6 Dynamic Address 0:
    Source/Type:    DHCPv6
    Address:        2001:db8::aa/128
    Status:         active
IPv6 DHCPv6 Dynamic DUID Storage Length: 1
IPv6 DHCPv6 Dynamic DUID 0:
    Length:   10
    Type:     DUID-LL
    0a000300010200000000010000000000
IPv6 DHCPv6 Timing Configuration Support: not supported
IPv6 Router Address Configuration Control:
    Enable static router address:  yes
    Enable dynamic router address: no
IPv6 Static Router 1:
    Address: fe80::1
    MAC:     02:00:00:00:00:01
    Prefix:  2001:db8::/64
IPv6 Static Router 2:
    Address: fe80::2
    MAC:     02:00:00:00:00:02
    Prefix:  2001:db8:1::/48
IPv6 Number of Dynamic Router Info Sets: 0
IPv6 Dynamic Router Received Hop Limit: 0
IPv6 ND/SLAAC Timing Configuration Support: not supported
";
    assert_eq!(print.expect_success(), expected);
    // What there is not, and what cannot be.
    for (words, says) in [
        ("static_duid 0 0 00", "Parameter not supported"),
        ("dhcp6_cfg 0 00 00", "Parameter not supported"),
        ("ndslaac_cfg 0 00", "Parameter not supported"),
        ("dynamic_duid 0 0 00", "Parameter is read-only"),
        ("static_addr 2 enable 2001:db8::7 64", "Parameter out of range"),
        ("static_addr 1 enable 2001:db8::7 129", "Parameter out of range"),
    ] {
        let output = tool.run(&format!("lan6 set 1 {words}"));
        assert!(output.expect_failure().contains(says), "{words}: {output}");
    }
    assert_eq!(tool.run("lan6 print 1 static_addr 1").expect_success().lines().count(), 4);
    drop(bmc);
    let bmc = start();
    assert_eq!(self::tool(&bmc).unwrap().run("lan6 print 1").expect_success(), expected);
}
