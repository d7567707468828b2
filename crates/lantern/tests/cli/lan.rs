//! The LAN, beside ipmitool and FreeIPMI on the same BMC.

use lantern_testkit::peers::{FreeIpmi, Ipmitool};
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, example};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

fn json(bmc: &Bmc, words: &str) -> Value {
    let words: Vec<_> = words.split(' ').filter(|word| !word.is_empty()).collect();
    bmc.json(&words)
}

/// What `lan print` says under `name`.
fn printed(print: &str, name: &str) -> String {
    let start = format!("{name:24}: ");
    let line = print.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no `{name}` in {print}")).trim_end().to_owned()
}

/// What ipmitool would print of what we say.
fn as_ipmitool(show: &Value) -> Vec<(&'static str, String)> {
    let text = |pointer: &str| {
        let value = show.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}: {show:#}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let number = |pointer: &str| show.pointer(pointer).unwrap().as_u64().unwrap();
    let enabled = |pointer: &str| match show.pointer(pointer).unwrap() {
        Value::Bool(true) => "Enabled",
        _ => "Disabled",
    };
    let types = |pointer: &str| -> String {
        let types = show.pointer(pointer).unwrap().as_array().unwrap();
        let types = types.iter().map(|of| of.as_str().unwrap().to_uppercase());
        types.collect::<Vec<_>>().join(" ")
    };
    let mut levels = ["X"; 15];
    let suites = show["cipher_suites"].as_array().unwrap();
    for suite in suites {
        let at = usize::try_from(suite["suite"].as_u64().unwrap()).unwrap();
        if let (Some(level), Some(own)) = (levels.get_mut(at), suite["privilege"].as_str()) {
            *level = match own {
                "oem" => "O",
                own => &own[..1],
            }
            .to_owned()
            .leak();
        }
    }
    let listed = suites.iter().filter(|suite| suite["listed"] == true);
    let listed: Vec<_> = listed.map(|suite| suite["suite"].to_string()).collect();
    let vlan = match show["vlan"]["enabled"].as_bool().unwrap() {
        true => show["vlan"]["id"].to_string(),
        false => "Disabled".to_owned(),
    };
    let source = match show["source"].as_str().unwrap() {
        "static" => "Static Address",
        "dhcp" => "DHCP Address",
        "bios" => "BIOS Assigned Address",
        _ => "Unspecified",
    };
    vec![
        ("Set in Progress", "Set Complete".to_owned()),
        ("Auth Type Support", types("/auth_types_supported")),
        ("IP Address Source", source.to_owned()),
        ("IP Address", text("/ip_address")),
        ("Subnet Mask", text("/netmask")),
        ("MAC Address", text("/mac_address")),
        ("SNMP Community String", text("/snmp_community")),
        (
            "IP Header",
            format!(
                "TTL=0x{:02x} Flags=0x{:02x} Precedence=0x{:02x} TOS=0x{:02x}",
                number("/ip_header/ttl"),
                number("/ip_header/flags_raw") << 5,
                number("/ip_header/precedence") << 5,
                number("/ip_header/tos") << 1
            ),
        ),
        (
            "BMC ARP Control",
            format!(
                "ARP Responses {}, Gratuitous ARP {}",
                enabled("/arp/responses"),
                enabled("/arp/gratuitous")
            ),
        ),
        (
            "Gratituous ARP Intrvl",
            format!("{:.1} seconds", show["gratuitous_arp_interval_seconds"].as_f64().unwrap()),
        ),
        ("Default Gateway IP", text("/gateway")),
        ("Default Gateway MAC", text("/gateway_mac")),
        ("Backup Gateway IP", text("/backup_gateway")),
        ("Backup Gateway MAC", text("/backup_gateway_mac")),
        ("802.1q VLAN ID", vlan),
        ("802.1q VLAN Priority", text("/vlan_priority")),
        ("RMCP+ Cipher Suites", listed.join(",")),
        ("Cipher Suite Priv Max", levels.concat()),
        ("Bad Password Threshold", text("/bad_password/threshold")),
        (
            "Invalid password disable",
            if show["bad_password"]["log_event"] == true { "yes" } else { "no" }.to_owned(),
        ),
        ("Attempt Count Reset Int.", text("/bad_password/reset_interval_seconds")),
        ("User Lockout Interval", text("/bad_password/lockout_interval_seconds")),
    ]
}

fn equal(tool: &Ipmitool, show: &Value) {
    let print = tool.run("lan print 1");
    let print = print.expect_success();
    for (name, ours) in as_ipmitool(show) {
        assert_eq!(ours, printed(print, name), "{name}: {show:#}");
    }
}

#[test]
fn what_is_shown_is_what_ipmitool_prints_whoever_set_it() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let show = || {
        let show = bmc.json(&["lan", "show"]);
        assert_eq!((&show["channel"], &show["absent"]), (&json!(1), &json!([])));
        equal(&tool, &show);
        show
    };
    show();
    for words in [
        "ipaddr 127.0.0.1",
        "netmask 255.255.255.128",
        "macaddr 02:11:22:33:44:55",
        "defgw ipaddr 192.0.2.1",
        "defgw macaddr 02:00:00:00:00:11",
        "bakgw ipaddr 192.0.2.2",
        "bakgw macaddr 02:00:00:00:00:12",
        "snmp geheim",
        "arp respond off",
        "arp generate on",
        "arp interval 9",
        "vlan id 42",
        "vlan priority 5",
        "cipher_privs XXXoXXXXXXXXXXX",
        "bad_pass_thresh 3 1 60 120",
    ] {
        tool.run(&format!("lan set 1 {words}")).expect_success();
    }
    let theirs = show();
    // The same again: nothing differs.
    let again = json(
        &bmc,
        "lan set 1 --netmask 255.255.255.128 --mac 02:11:22:33:44:55 --gateway 192.0.2.1 \
         --gateway-mac 02:00:00:00:00:11 --backup-gateway 192.0.2.2 --backup-gateway-mac \
         02:00:00:00:00:12 --snmp-community geheim --arp-responses off --gratuitous-arp on \
         --arp-interval 9 --vlan 42 --vlan-priority 5 --cipher-privilege 3=operator \
         --bad-password-threshold 3 --bad-password-log on",
    );
    let changes = again["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 15);
    assert!(changes.iter().all(|change| change["outcome"] == "unchanged"), "{again:#}");
    assert_eq!((&again["claimed"], &again["reach"]), (&Value::Null, &Value::Null));
    // Now ours. Not an interval of 2.5 s: ipmitool 1.8.19 prints that as 2.0 (lib/ipmi_lanp.c divides
    // whole numbers).
    let set = json(
        &bmc,
        "lan set E --source bios --netmask /20 --mac 02:99:22:33:44:55 --gateway 192.0.2.9 \
         --gateway-mac 02:00:00:00:00:99 --backup-gateway none --backup-gateway-mac \
         02:00:00:00:00:98 --snmp-community other --arp-responses on --gratuitous-arp off \
         --arp-interval 4 --vlan off --vlan-priority 1 --cipher-privilege 3=user \
         --bad-password-threshold 5 --bad-password-reset 20 --bad-password-lockout 30 \
         --bad-password-log off --ip-ttl 33 --ip-dont-fragment off --ip-precedence 3 --ip-tos \
         4 --yes",
    );
    let changes = set["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["outcome"] == "changed"), "{set:#}");
    assert!(changes.iter().all(|change| change["now"] == change["asked"]), "{set:#}");
    assert_eq!((changes.len(), &set["claimed"]), (22, &json!(true)));
    let ours = show();
    for key in ["netmask", "mac_address", "gateway", "snmp_community", "vlan", "ip_header"] {
        assert_ne!(ours[key], theirs[key], "{key}");
    }
}

/// The value after `name:` in `lan6 print`, in the paragraph that begins with `section`.
fn six<'a>(print: &'a str, section: &str, name: &str) -> &'a str {
    let mut lines = print.lines().skip_while(|line| !line.starts_with(section));
    let first = lines.next().unwrap_or_else(|| panic!("no {section} in {print}"));
    let rest = lines.take_while(|line| line.starts_with(' '));
    let mut all = std::iter::once(first).chain(rest);
    let line = all.find(|line| line.trim_start().starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} under {section} in {print}"));
    line.rsplit_once(": ").unwrap().1.trim()
}

#[test]
fn ipv6_is_what_ipmitool_prints_whoever_set_it() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    let check = || {
        let show = bmc.json(&["lan", "show", "--ipv6"]);
        let print = tool.run("lan6 print 1");
        let print = print.expect_success();
        let ipv6 = &show["ipv6"];
        let number = |key: &str| ipv6[key].as_u64().unwrap().to_string();
        assert_eq!(ipv6["enables"], six(print, "IPv6/IPv4 Addressing Enables", ""));
        assert_eq!(number("traffic_class"), six(print, "IPv6 Header Traffic Class", ""));
        assert_eq!(number("hop_limit"), six(print, "IPv6 Header Static Hop Limit", ""));
        assert_eq!(number("flow_label"), six(print, "IPv6 Header Flow Label", ""));
        for index in 0..2 {
            let ours = &ipv6["static_addresses"][index];
            let section = format!("IPv6 Static Address {index}");
            let address =
                format!("{}/{}", ours["ip_address"].as_str().unwrap(), ours["prefix_length"]);
            assert_eq!(address, six(print, &section, "Address"));
            assert_eq!(ours["status"], six(print, &section, "Status"));
            let enabled = if ours["enabled"] == true { "yes" } else { "no" };
            assert_eq!(enabled, six(print, &section, "Enabled"));
        }
        for (index, router) in [(1, &ipv6["static_routers"][0]), (2, &ipv6["static_routers"][1])] {
            let Some(address) = router["ip_address"].as_str() else { continue };
            let section = format!("IPv6 Static Router {index}");
            assert_eq!(address, six(print, &section, "Address"));
            assert_eq!(router["mac_address"], six(print, &section, "MAC"));
            let prefix =
                format!("{}/{}", router["prefix"].as_str().unwrap(), router["prefix_length"]);
            assert_eq!(prefix, six(print, &section, "Prefix"));
        }
        show
    };
    check();
    for words in [
        "enables both",
        "traffic_class 3",
        "static_hops 33",
        "flow_label 0x12345",
        "static_addr 0 enable 2001:db8::9 64",
        "static_addr 1 disable 2001:db8::8 48",
        "rtr_cfg static",
        "static_rtr 2 fe80::2 02:00:00:00:00:02 2001:db8:1:: 48",
    ] {
        tool.run(&format!("lan6 set 1 {words}")).expect_success();
    }
    assert_eq!(check()["ipv6"]["router_control"]["static_routers"], true);
    let set = json(
        &bmc,
        "lan set --ipv6 off --ipv6-traffic-class 7 --ipv6-hop-limit 12 --ipv6-flow-label \
         0x54321 --ipv6-address off --ipv6-address 1=2001:db8::77/56 --ipv6-routers both \
         --ipv6-router fe80::1 --ipv6-router-mac 02:00:00:00:00:01 --ipv6-router-prefix \
         2001:db8:2::/47 --ipv6-router 2=fe80::3",
    );
    let changes = set["changes"].as_array().unwrap();
    let outcomes: Vec<_> = changes.iter().map(|change| &change["outcome"]).collect();
    // Static routers were on already.
    let unchanged = outcomes.iter().filter(|outcome| **outcome == "unchanged").count();
    assert_eq!((outcomes.len(), unchanged), (13, 1), "{set:#}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| ["changed", "unchanged"].contains(&outcome.as_str().unwrap()))
    );
    let show = check();
    assert_eq!(show["ipv6"]["static_addresses"][1]["ip_address"], "2001:db8::77");
    // An address that is switched off is still there.
    assert_eq!(show["ipv6"]["static_addresses"][0]["ip_address"], "2001:db8::9");
    assert_eq!(show["ipv6"]["static_routers"][0]["prefix_length"], 47);
}

#[test]
fn alert_destinations_are_what_ipmitool_prints_whoever_set_them() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    for words in [
        "ipaddr 192.0.2.9",
        "macaddr 02:00:00:00:00:09",
        "gateway backup",
        "ack on",
        "type oem1",
        "time 9",
        "retry 3",
    ] {
        tool.run(&format!("lan alert set 1 8 {words}")).expect_success();
    }
    let set = json(
        &bmc,
        "lan alert set 2 --address 192.0.2.7 --mac 02:00:00:00:00:07 --gateway backup --type \
         oem2 --acknowledge on --timeout 4 --retries 7",
    );
    let changes = set["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["outcome"] == "changed"), "{set:#}");
    let list = bmc.json(&["lan", "alert", "list"]);
    let destinations = list["destinations"].as_array().unwrap();
    assert_eq!(destinations.len(), 9);
    let print = tool.run("lan alert print 1");
    for (own, theirs) in destinations.iter().zip(print.expect_success().split("\n\n")) {
        let kind = match own["type"].as_str().unwrap() {
            "pet" => "PET Trap",
            "oem1" => "OEM 1",
            _ => "OEM 2",
        };
        let says = if own["acknowledged"] == true { "Acknowledged" } else { "Unacknowledged" };
        let gateway = if own["gateway"] == "backup" { "Backup" } else { "Default" };
        // It calls the one field by two names.
        let timeout =
            theirs.lines().find(|line| line.contains("Timeout") || line.contains("Retry Interval"));
        assert!(timeout.unwrap().ends_with(&format!(": {}", own["timeout_seconds"])), "{theirs}");
        for (name, ours) in [
            ("Alert Destination", own["destination"].to_string()),
            ("Alert Acknowledge", says.to_owned()),
            ("Destination Type", kind.to_owned()),
            ("Number of Retries", own["retries"].to_string()),
            ("Alert Gateway", gateway.to_owned()),
            ("Alert IP Address", own["ip_address"].as_str().unwrap().to_owned()),
            ("Alert MAC Address", own["mac_address"].as_str().unwrap().to_owned()),
        ] {
            assert_eq!(ours, printed(theirs, name), "{name}");
        }
    }
    let text = bmc.text(&["lan", "alert", "list"]);
    assert!(text.contains("192.0.2.9 at 02:00:00:00:00:09, by the backup gateway"), "{text}");
    // There is no ninth.
    let none = bmc.run(&["lan", "alert", "set", "9", "--retries", "1"]);
    assert_eq!((none.code(), none.stdout.as_str()), (Some(1), ""));
    assert!(none.stderr.contains("not supported by this BMC (C9h)"), "{}", none.stderr);
}

#[test]
fn counters_are_what_ipmitool_counts_until_they_are_cleared() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    // So that there are more than the next session makes.
    bmc.text(&["lan", "show", "--alerts"]);
    let ours = bmc.json(&["lan", "stats"]);
    let stats = tool.run("lan stats get 1");
    let value = |name: &str| {
        let line = stats.expect_success().lines().find(|line| line.starts_with(name)).unwrap();
        // ipmitool 1.8.19 exchanges the bytes of each figure.
        u64::from(line.split_once(": ").unwrap().1.parse::<u16>().unwrap().swap_bytes())
    };
    let received = ours["ip_packets_received"].as_u64().unwrap();
    assert!((1..20).contains(&(value("IP Rx Packet") - received)), "{stats} {ours:#}");
    assert_eq!(ours["udp_packets_received"], ours["ip_packets_received"]);
    assert_eq!((&ours["cleared"], &ours["ip_fragments"]), (&json!(false), &json!(0)));
    let cleared = bmc.json(&["lan", "stats", "--clear"]);
    assert!(cleared["ip_packets_received"].as_u64().unwrap() > received);
    assert_eq!(cleared["cleared"], true);
    let now = bmc.json(&["lan", "stats"])["ip_packets_received"].as_u64().unwrap();
    assert!(now < received, "{now} {received}");
}

#[test]
fn arps_are_suspended_and_resumed() {
    let bmc = Bmc::start();
    bmc.text(&["lan", "set", "--gratuitous-arp", "on"]);
    let both = bmc.json(&["lan", "arp", "suspend", "--yes"]);
    assert_eq!(
        (&both["responses_occurring"], &both["gratuitous_occurring"]),
        (&json!(false), &json!(false))
    );
    let one = bmc.json(&["lan", "arp", "suspend", "--gratuitous"]);
    assert_eq!(
        (&one["responses_occurring"], &one["gratuitous_occurring"]),
        (&json!(true), &json!(false))
    );
    let none = bmc.json(&["lan", "arp", "resume", "1"]);
    assert_eq!(
        (&none["responses_occurring"], &none["gratuitous_occurring"]),
        (&json!(true), &json!(true))
    );
    // Without answers nobody may find it any more.
    assert_eq!(bmc.run(&["lan", "arp", "suspend"]).code(), Some(2));
}

/// FreeIPMI's checkout, as keys and values.
fn checkout(tool: &FreeIpmi, section: &str) -> Vec<(String, String)> {
    let output = tool.run("ipmi-config", &format!("--checkout -v -S {section}"));
    let pairs = output.stdout.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = pairs.filter_map(|line| line.split_once(char::is_whitespace));
    pairs.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()
}

#[test]
fn freeipmi_checks_out_what_we_show_and_set() {
    let bmc = Bmc::start();
    let Some(tool) = FreeIpmi::new(bmc.address, "admin", PASSWORD) else { return };
    let tool = tool.suite(17);
    let check = || {
        let show = bmc.json(&["lan", "show", "--ipv6"]);
        let text = |pointer: &str| {
            let value = show.pointer(pointer).unwrap();
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        let yes = |pointer: &str| {
            if show.pointer(pointer) == Some(&json!(true)) { "Yes" } else { "No" }.to_owned()
        };
        let source = match show["source"].as_str().unwrap() {
            "static" => "Static",
            "dhcp" => "Use_DHCP",
            _ => "Use_BIOS",
        };
        let privilege = match show["cipher_suites"][1]["privilege"].as_str() {
            Some("administrator") => "Administrator",
            Some("operator") => "Operator",
            _ => "Unused",
        };
        let tens =
            |pointer: &str| (show.pointer(pointer).unwrap().as_u64().unwrap() / 10).to_string();
        let enables = match show["ipv6"]["enables"].as_str().unwrap() {
            "ipv4" => "IPv6_Disabled",
            "ipv6" => "IPv6_Only",
            _ => "IPv6_And_IPv4",
        };
        for (section, key, ours) in [
            ("Lan_Conf", "IP_Address_Source", source.to_owned()),
            ("Lan_Conf", "IP_Address", text("/ip_address")),
            ("Lan_Conf", "MAC_Address", text("/mac_address").to_uppercase()),
            ("Lan_Conf", "Subnet_Mask", text("/netmask")),
            ("Lan_Conf", "Default_Gateway_IP_Address", text("/gateway")),
            ("Lan_Conf", "Backup_Gateway_IP_Address", text("/backup_gateway")),
            ("Lan_Conf", "Vlan_id", text("/vlan/id")),
            ("Lan_Conf", "Vlan_Id_Enable", yes("/vlan/enabled")),
            ("Lan_Conf", "Vlan_Priority", text("/vlan_priority")),
            ("Lan6_Conf", "IPv6_IPv4_Addressing_Enables", enables.to_owned()),
            ("Lan6_Conf", "IPv6_Static_Address_0", text("/ipv6/static_addresses/0/ip_address")),
            ("Lan_Conf_Misc", "Enable_Gratuitous_ARPs", yes("/arp/gratuitous")),
            ("Lan_Conf_Misc", "Enable_ARP_Response", yes("/arp/responses")),
            ("Lan_Conf_User_Security", "Bad_Password_Threshold", text("/bad_password/threshold")),
            (
                "Lan_Conf_User_Security",
                "User_Lockout_Interval",
                tens("/bad_password/lockout_interval_seconds"),
            ),
            (
                "Rmcpplus_Conf_Privilege",
                "Maximum_Privilege_Cipher_Suite_Id_3",
                privilege.to_owned(),
            ),
        ] {
            let values = checkout(&tool, section);
            let value = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            let value = value.unwrap_or_else(|| panic!("no {key} in {values:?}"));
            assert!(value.1.eq_ignore_ascii_case(&ours), "{key}: {ours}, {value:?}");
        }
    };
    check();
    json(
        &bmc,
        "lan set --source bios --netmask /16 --gateway 192.0.2.1 --vlan 9 --vlan-priority 2 \
         --mac 02:00:00:00:00:55 --ipv6 both --ipv6-address 2001:db8::5/64 --gratuitous-arp \
         on --bad-password-threshold 4 --bad-password-lockout 60 --cipher-privilege \
         3=operator --yes",
    );
    check();
    let words = "--commit -e Lan_Conf:Backup_Gateway_IP_Address=192.0.2.44";
    tool.run("ipmi-config", words).expect_success();
    check();
    assert_eq!(bmc.json(&["lan", "show"])["backup_gateway"], "192.0.2.44");
}

#[test]
fn weak_suites_that_let_somebody_in_are_marked() {
    let all = "suites = [0, 3, 8, 17]\nallow_insecure_suites = true";
    let bmc = Bmc::with(&example().replace("suites = [17, 3]", all), &[]);
    let show = bmc.json(&["lan", "show"]);
    let weak = |show: &Value| -> Vec<u64> {
        let suites = show["cipher_suites"].as_array().unwrap();
        let weak = suites.iter().filter(|suite| suite["weakness"].is_string());
        weak.map(|suite| suite["suite"].as_u64().unwrap()).collect()
    };
    assert_eq!(weak(&show), [0, 8]);
    let text = bmc.text(&["lan", "show"]);
    assert!(text.contains("administrator; WEAK: no password is needed"), "{text}");
    bmc.text(&["lan", "set", "--cipher-privilege", "0=off,8=off"]);
    assert_eq!(weak(&bmc.json(&["lan", "show"])), [] as [u64; 0]);
}

#[test]
fn what_is_no_lan_is_one_clear_error() {
    let bmc = Bmc::start();
    for words in [&["lan", "show", "2"][..], &["lan", "set", "2", "--ip-ttl", "9"]] {
        let output = bmc.run(words);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(1), ""), "{output}");
        assert!(output.stderr.contains("there is no channel 2"), "{output}");
        assert!(output.stderr.contains("without a number"), "{output}");
    }
}
