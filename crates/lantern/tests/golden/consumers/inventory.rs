//! Programs that look once: sos, XCP-ng, Puppet, NetBox, Warewulf.

use super::Programs;
use crate::pair::Pair;

/// sos keeps what is said, right or wrong.
#[test]
fn sos_collects_the_same() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    for words in [
        "mc info",
        "channel info 3",
        "channel getaccess 3",
        "lan print 3",
        "channel info 1",
        "channel getaccess 1",
        "lan print 1",
        "sel info",
        "sel elist",
        "sel list -v",
        "sensor list",
        "chassis status",
        "lan print",
        "fru print",
        "sdr info",
        "raw 0x30 0x65",
        "raw 0x30 0xb0",
    ] {
        programs.same_script(&pair, &format!("ipmitool $BMC {words} 2> /dev/null; echo $?"));
    }
    programs.same_script(&pair, "ipmitool -I usb mc info 2> /dev/null; echo $?");
}

#[test]
fn xcp_ng_reads_the_same() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    if !std::path::Path::new("/dev/ipmi0").exists() {
        let said = programs.same_script(&pair, "ipmitool chassis status 2>&1 > /dev/null; true");
        assert!(said.contains("Could not open device"), "{said}");
    }
    let list = programs.same_script(&pair, "ipmitool $BMC sdr list");
    assert!(list.lines().all(|line| line.split('|').count() == 3), "{list}");
    // Each sensor by its name; whatever says anything on standard error is passed over.
    let name = |line: &str| line.split('|').next().unwrap().trim().to_owned();
    for name in list.lines().map(name).take(8).chain(["nobody".to_owned()]) {
        programs.same_script(&pair, &format!("ipmitool $BMC sdr get '{name}'"));
    }
    programs.same_script(&pair, "ipmitool $BMC lan print; echo $?");
}

#[test]
fn puppet_netbox_and_warewulf_find_their_keys() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let said = programs.same_script(&pair, "ipmitool $BMC lan print");
    let keys: Vec<_> =
        said.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key.trim()).collect();
    for key in ["IP Address", "IP Address Source", "Subnet Mask", "MAC Address", "802.1q VLAN ID"] {
        assert!(keys.contains(&key), "{key}: {said}");
    }
    let users = programs.same_script(&pair, "ipmitool $BMC -c user list 1");
    assert!(users.lines().any(|line| line.split(',').nth(1) == Some("admin")), "{users}");
    for script in [
        "ipmitool $BMC user test 2 20 Complex_Pass; echo $?",
        "ipmitool $BMC user test 2 16 Complex_Pass; echo $?",
        "ipmitool $BMC user test 2 20 wrong; echo $?",
        "ipmitool $BMC sol set enabled true 1; ipmitool $BMC sol set volatile-bit-rate 115.2 1",
        "ipmitool $BMC sol payload enable 1 2; ipmitool $BMC sol payload status 1 2",
        "ipmitool $BMC sol info 1 | grep -v Port",
        "ipmitool $BMC user set name 6 puppet; ipmitool $BMC user priv 6 2 1; ipmitool $BMC user list 1",
        "ipmitool $BMC lan set 1 snmp public; ipmitool $BMC lan alert print 1 1",
    ] {
        programs.same_script(&pair, script);
    }
}
