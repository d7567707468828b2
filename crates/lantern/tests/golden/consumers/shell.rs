//! Scripts of others that awk and grep take apart, ironic-python-agent's first. That one asks the
//! machine's own BMC, which is reached over the network here.

use super::Programs;
use crate::pair::Pair;

/// A BMC with an address of either kind, of its own and given.
fn addressed() -> Option<Pair> {
    Pair::with(|config| {
        let network = "\n[lan.network]\naddress = \"192.0.2.5\"\nnetmask = \"255.255.255.0\"\n\
                       gateway = \"192.0.2.1\"\nmac = \"02:00:5e:10:00:01\"\n\
                       address6 = \"2001:db8::5/64\"\n\
                       dynamic6 = [{ source = \"slaac\", address = \"2001:db8::a5/64\" }]\n\n[machine]";
        config.replacen("\n[machine]", network, 1)
    })
}

#[test]
fn ironic_python_agent_finds_the_same_addresses() {
    let Some((pair, programs)) = addressed().zip(Programs::find()) else { return };
    let script = r#"for c in 1 2 3 4 5 6 7 8 9 10 11; do
        ipmitool $BMC lan print $c | awk '/IP Address[ \t]*:/ {print $4}'; done"#;
    assert_eq!(programs.same_script(&pair, script), "192.0.2.5\n");
    let script = r#"for c in 1 2 3 4 5 6 7 8 9 10 11; do
        ipmitool $BMC lan print $c 2> /dev/null | awk '/(IP|MAC) Address[ \t]*:/ {print $4}'; done"#;
    assert_eq!(programs.same_script(&pair, script), "192.0.2.5\n02:00:5e:10:00:01\n");
    // A channel that is not one for networks is known by how the error begins.
    let said = programs.same_script(&pair, "ipmitool $BMC lan print 9 2>&1 > /dev/null");
    assert!(said.starts_with("Invalid channel"), "{said}");
    let script = r#"ipmitool $BMC lan6 print 1 enables 2> /dev/null | awk '/IPv6\/IPv4 Addressing Enables[ \t]*:/ {print $NF}'"#;
    let enables = programs.same_script(&pair, script);
    assert!(["ipv4", "ipv6", "both"].contains(&enables.trim()), "{enables}");
    let script = r#"ipmitool $BMC lan6 print 1 2> /dev/null | awk '/^IPv6 (Static|Dynamic) Address [0-9]+:/ {n++}
        /^    Address:/ {print $2} END {print n}'"#;
    let found = programs.same_script(&pair, script);
    assert!(found.contains("2001:db8::5/64") && found.contains("2001:db8::a5/64"), "{found}");
    for (set, address) in [("static_addr", "2001:db8::5/64"), ("dynamic_addr", "2001:db8::a5/64")] {
        let said =
            programs.same_script(&pair, &format!("ipmitool $BMC lan6 print 1 {set} 2> /dev/null"));
        assert!(
            read_as_yaml(&said).iter().any(|(key, value)| { key == "Address" && value == address }),
            "{said}"
        );
        assert!(said.contains("active"), "{said}");
    }
}

/// As far as YAML is needed here: a name, a colon and a blank, a value; no line is anything else.
fn read_as_yaml(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{line}"));
        assert!(value.is_empty() || value.starts_with(' '), "{line}");
        (key.trim().to_owned(), value.trim().to_owned())
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(pair).collect()
}

/// Dell's and Supermicro's fans, and what keeps an eye on the log.
#[test]
fn homemade_scripts_end_alike() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    for script in [
        "ipmitool $BMC raw 0x30 0x30 0x01 0x00; echo $?",
        "ipmitool $BMC raw 0x30 0x30 0x02 0xff 0x14; echo $?",
        "ipmitool $BMC raw 0x30 0x45 0x01 0x01; echo $?",
        "ipmitool $BMC sel elist | wc -l",
        "ipmitool $BMC sel elist 2>&1 | grep -vi deassert | tail -1",
        "ipmitool $BMC sel clear && ipmitool $BMC sel elist; echo $?",
        "ipmitool $BMC power status | grep -qw on && echo up",
        "[ \"$(ipmitool $BMC chassis power status)\" = 'Chassis Power is on' ] && echo up",
        "ipmitool $BMC power off -L OPERATOR | grep -oE '\\b(on|off)\\b$'; echo $?",
        "ipmitool $BMC sdr list mcloc -v 2> /dev/null; ipmitool $BMC fru print | grep -c Serial",
        "ipmitool -h > /dev/null 2>&1; echo $?; ipmitool -V",
        "ipmitool 2> /dev/null; echo $?",
        "echo 'power status' | ipmitool $BMC exec /dev/stdin",
    ] {
        programs.same_script(&pair, script);
    }
}
