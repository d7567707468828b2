//! `lan6`.

use crate::pair::Pair;

const NETWORK: &str = r#"[lan.network]
source = "static"
address = "192.0.2.5"
netmask = "255.255.255.0"
gateway = "192.0.2.1"
vlan = 42
address6 = "2001:db8::5/64"
dynamic6 = [{ source = "slaac", address = "2001:db8::a5/64" }]
routers6 = [{ address = "fe80::1", mac = "02:00:5e:10:00:02", prefix = "2001:db8::/64" }]

[machine]
"#;

fn networked() -> Option<Pair> {
    Pair::with(|config| config.replace("[machine]\n", NETWORK))
}

const WORDS: [&str; 21] = [
    "support",
    "enables",
    "traffic_class",
    "static_hops",
    "flow_label",
    "status",
    "static_addr",
    "static_duid_stg",
    "static_duid",
    "dynamic_addr",
    "dynamic_duid_stg",
    "dynamic_duid",
    "dhcp6_cfg_sup",
    "dhcp6_cfg",
    "rtr_cfg",
    "static_rtr",
    "num_dynamic_rtrs",
    "dynamic_rtr",
    "dynamic_hops",
    "ndslaac_cfg_sup",
    "ndslaac_cfg",
];

#[test]
fn parameters_are_shown_alike() {
    for pair in [Pair::reference(), networked()] {
        let Some(pair) = pair else { return };
        for line in ["lan6 print", "lan6 print 1", "lan6 save", "lan6 save 1", "lan6 print 7"] {
            pair.same(line);
        }
        for word in WORDS {
            pair.same(&format!("lan6 print 1 {word}"));
        }
    }
    let Some(pair) = networked() else { return };
    for line in [
        "lan6 print 1 ENABLES",
        "lan6 print 1 static_addr 0",
        "lan6 print 1 static_addr 200",
        "lan6 print 1 static_addr x",
        "lan6 print 1 static_addr -1",
        "lan6 print 1 dynamic_addr 0",
        "lan6 print 1 static_rtr 0",
        "lan6 print 1 static_rtr 1",
        "lan6 print 1 static_rtr 3",
        "lan6 print 1 static_duid 0 0",
        "lan6 print 1 static_duid 0 x",
        "lan6 print 1 dynamic_rtr 0",
        "lan6 save 1 enables",
        "lan6 save 1 static_addr 0",
        "lan6 save 1 support",
        "lan6 print 1 bogus",
        "lan6 save 1 bogus",
        "lan6 print x",
        "lan6 print 9 enables",
        "lan6 PRINT 1 enables",
        "lan6",
        "lan6 bogus",
        "lan6 help",
        "lan6 help print",
        "lan6 help set",
        "lan6 help save",
        "lan6 help lock",
        "lan6 help commit",
        "lan6 help discard",
        "lan6 help help",
        "lan6 help bogus",
        "lan6 set",
        "lan6 lock",
        "lan6 set x",
    ] {
        pair.same(line);
    }
}

#[test]
fn parameters_are_changed_alike() {
    let Some(pair) = networked() else { return };
    for line in [
        "lan6 set 1 enables both",
        "lan6 set 1 enables ipv4",
        "lan6 set 1 nolock enables BOTH",
        "lan6 set 1 traffic_class 12",
        "lan6 set 1 static_hops 0x20",
        "lan6 set 1 flow_label 0x12345",
        "lan6 set 1 static_addr 0 enable 2001:db8::77 64",
        "lan6 set 1 static_addr 0 disable :: 0",
        "lan6 set 1 static_addr 0 enable 2001:db8::78 48 active",
        "lan6 set 1 static_addr 99 enable 2001:db8::77 64",
        "lan6 set 1 rtr_cfg static",
        "lan6 set 1 rtr_cfg both",
        "lan6 set 1 static_rtr 1 fe80::2 02:00:5e:10:00:09 2001:db8:1:: 64",
        "lan6 set 1 static_rtr 3 fe80::2 02:00:5e:10:00:09 2001:db8:1:: 64",
        "lan6 set 1 support 1",
        "lan6 set 1 enables bogus",
        "lan6 set 1 enables",
        "lan6 set 1 bogus 1",
        "lan6 set 1",
        "lan6 set 1 static_addr",
        "lan6 set 1 static_addr 0",
        "lan6 set 1 static_addr 0 enable bogus 64",
        "lan6 set 1 static_addr 0 enable ::1 x",
        "lan6 set 1 static_hops x",
        "lan6 set 1 flow_label x",
        "lan6 set 1 static_duid 0 0 00",
        "lan6 set 1 ndslaac_cfg 0 zz",
        "lan6 lock 1",
        "lan6 set 1 static_hops 5",
        "lan6 discard 1",
        "lan6 commit 1",
        "lan6 lock 9",
    ] {
        pair.same_change(line, &["lan6 print 1", "lan print 1"]);
    }
}
