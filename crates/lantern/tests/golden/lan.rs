//! `lan`.

use crate::pair::Pair;

const NETWORK: &str = r#"[lan.network]
source = "dhcp"
netmask = "255.255.255.0"
gateway = "192.0.2.1"
vlan = 42
lease = { address = "192.0.2.77", netmask = "255.255.255.0" }

[machine]
"#;

#[test]
fn a_channel_is_shown_alike() {
    let networked = Pair::with(|config| config.replace("[machine]\n", NETWORK));
    for pair in [Pair::reference(), networked, Pair::specimens()] {
        let Some(pair) = pair else { return };
        for line in [
            "lan print",
            "lan print 1",
            "lan printconf",
            "lan printconf 1",
            "lan print 0xe",
            "-c lan print 1",
            "-v lan print 1",
            "lan alert print",
            "lan alert print 1",
            "lan alert print 1 0",
            "lan alert print 1 1",
        ] {
            pair.same(line);
        }
    }
}

#[test]
fn the_simulators_channel_is_the_same() {
    let Some(pair) = Pair::simulators() else { return };
    for line in ["lan print", "lan print 1", "lan print 2", "lan alert print", "lan stats get"] {
        pair.same(line);
    }
    for line in [
        "lan set 1 ipsrc static",
        "lan set 1 netmask 255.255.0.0",
        "lan set 1 ipaddr 127.0.0.9",
        "lan set 1 defgw ipaddr 127.0.0.1",
        "lan set 1 defgw macaddr 02:00:5e:10:00:01",
        "lan set 1 bakgw ipaddr 127.0.0.2",
        "lan set 1 arp respond on",
        "lan set 1 auth admin md5",
        "lan set 1 access on",
        "lan set 1 user",
        "lan set 1 cipher_privs aaaaaaaaaaaaaaa",
        "lan set 1 vlan id 7",
        "lan set 1 vlan id off",
    ] {
        pair.same_change(line, &["lan print 1", "channel info 1"]);
    }
}

#[test]
fn what_is_wrong_with_a_channel_is_the_same() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "lan",
        "lan help",
        "lan bogus",
        "lan print x",
        "lan print 0",
        "lan print 15",
        "lan print 1 2",
        "lan print 256",
        "lan set",
        "lan set 1",
        "lan set help",
        "lan set 1 help",
        "lan set 1 bogus",
        "lan set x ipaddr 192.0.2.1",
        "lan set 9 ipaddr 192.0.2.1",
        "lan set 15 ipsrc dhcp",
        "lan set 1 ipaddr",
        "lan set 1 ipaddr help",
        "lan set 1 ipaddr 192.0.2",
        "lan set 1 ipaddr 192.0.2.256",
        "lan set 1 ipaddr bogus",
        "lan set 1 ipaddr 192.0.2.1 x",
        "lan set 1 macaddr bogus",
        "lan set 1 macaddr 02:00:5e:10:00",
        "lan set 1 defgw",
        "lan set 1 defgw ipaddr",
        "lan set 1 defgw ipaddr bogus",
        "lan set 1 defgw macaddr bogus",
        "lan set 1 defgw bogus x",
        "lan set 1 defgw help",
        "lan set 1 defgw help x",
        "lan set 1 bakgw ipaddr bogus",
        "lan set 1 ipsrc",
        "lan set 1 ipsrc bogus",
        "lan set 1 ipsrc help",
        "lan set 1 vlan",
        "lan set 1 vlan id",
        "lan set 1 vlan bogus x",
        "lan set 1 vlan help x",
        "lan set 1 access",
        "lan set 1 access bogus",
        "lan set 1 access help",
        "lan set 1 arp",
        "lan set 1 arp help",
        "lan set 1 arp respond",
        "lan set 1 arp respond bogus",
        "lan set 1 arp generate",
        "lan set 1 arp interval",
        "lan set 1 arp interval x",
        "lan set 1 arp interval 200",
        "lan set 1 arp interval 0",
        "lan set 1 alert",
        "lan set 1 auth",
        "lan set 1 auth help",
        "lan set 1 auth admin",
        "lan set 1 snmp",
        "lan set 1 snmp help",
        "lan set 1 cipher_privs",
        "lan set 1 cipher_privs help",
        "lan set 1 bad_pass_thresh",
        "lan set 1 bad_pass_thresh help",
        "lan set 1 bad_pass_thresh 3 2 1 1",
        "lan set 1 bad_pass_thresh 3 1 x 1",
        "lan alert",
        "lan alert help",
        "lan alert bogus",
        "lan alert print help",
        "lan alert print x",
        "lan alert print 9",
        "lan alert print 1 x",
        "lan alert print 1 16",
        "lan alert set",
        "lan alert set 1 1",
        "lan alert set 1 x type pet",
        "lan alert set 1 77 type pet",
        "lan alert set 9 1 type pet",
        "lan alert set 1 1 bogus x",
        "lan alert set 1 1 type bogus",
        "lan alert set 1 1 ack bogus",
        "lan alert set 1 1 gateway bogus",
        "lan alert set 1 1 time x",
        "lan alert set 1 1 retry x",
        "lan alert set 1 1 ipaddr bogus",
        "lan alert set 1 1 macaddr bogus",
        "lan stats",
        "lan stats get x",
        "lan stats get 9",
        "lan stats bogus",
        "lan stats bogus 1",
    ] {
        pair.same(line);
    }
    pair.same_error("lan print 9", "Invalid channel: 9");
    pair.same_error("lan print 300", "Invalid channel: 300");
}

#[test]
fn a_channel_is_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "lan set 1 ipsrc static",
        "lan set 1 ipaddr 192.0.2.10",
        "lan set 1 ipaddr 192.0.2.11trailing",
        "lan set 1 netmask 255.255.254.0",
        "lan set 1 defgw ipaddr 192.0.2.1",
        "lan set 1 defgw macaddr 02:00:5E:10:0:1",
        "lan set 1 bakgw ipaddr 192.0.2.2",
        "lan set 1 bakgw macaddr 02:00:5e:10:00:02",
        "lan set 1 vlan id 42",
        "lan set 1 vlan priority 3",
        "lan set 1 vlan id off",
        "lan set 1 vlan id 0x10",
        "lan set 1 arp respond off",
        "lan set 1 arp respond on",
        "lan set 1 arp generate on",
        "lan set 1 arp generate off",
        "lan set 1 snmp public",
        "lan set 1 snmp seventeen_letters",
        "lan set 1 cipher_privs XXXaXXXXXXXXXXX",
        "lan set 1 cipher_privs Xcuoaaaaaaaaaaa",
        "lan set 1 bad_pass_thresh 3 1 10 20",
        "lan set 1 bad_pass_thresh 0 0 0 0",
    ] {
        pair.same_change(line, &["lan print 1"]);
    }
}

#[test]
fn what_every_bmc_has_its_own_mind_about_is_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "lan set 1 auth admin md5",
        "lan set 1 arp interval 5",
        "lan set 1 macaddr 02:00:5e:10:00:77",
        "lan set 1 ipsrc bios",
        "lan set 1 ipsrc none",
        "lan set 1 ipsrc dhcp",
    ] {
        pair.same_change(line, &["lan print 1"]);
    }
}

#[test]
fn access_to_a_channel_is_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["channel info 1", "user list 1"];
    for line in [
        "lan set 1 access on",
        "lan set 1 alert on",
        "lan set 1 alert off",
        "lan set 1 alert enable",
        "lan set 1 alert disable",
        "lan set 1 user",
        "lan set 1 user x",
        "lan set 1 password secret",
        "lan set 1 password",
    ] {
        pair.same_change(line, reads);
    }
    pair.same("lan set 1 access off");
    pair.same("power status");
}

#[test]
fn destinations_of_alerts_are_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "lan alert set 1 1 ipaddr 192.0.2.99",
        "lan alert set 1 1 macaddr 02:00:5e:10:00:99",
        "lan alert set 1 1 gateway backup",
        "lan alert set 1 1 gateway def",
        "lan alert set 1 1 ack on",
        "lan alert set 1 1 ack no",
        "lan alert set 1 1 type oem1",
        "lan alert set 1 1 type oem2",
        "lan alert set 1 1 type PET",
        "lan alert set 1 1 time 30",
        "lan alert set 1 1 retry 3",
        "lan alert set 1 0 time 7",
    ] {
        pair.same_change(line, &["lan alert print 1"]);
    }
}

#[test]
fn counters_are_shown_and_cleared_alike() {
    // How many packets it took to ask is each program's own affair.
    let Some(pair) = Pair::reference() else { return };
    let mask = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    for line in ["lan stats get", "lan stats get 1", "lan stats clear", "lan stats clear 1"] {
        let words: Vec<_> = line.split_whitespace().collect();
        let (theirs, ours) = (pair.theirs(&words), pair.ours(&words));
        assert_eq!(mask(&ours.stdout), mask(&theirs.stdout), "{line}");
        assert_eq!(ours.code(), theirs.code(), "{line}");
    }
}
