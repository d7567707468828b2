//! xCAT: who is there, told from what `-vv` says; what kind of BMC it is; and setting one up.

use super::Programs;
use crate::pair::Pair;

const OPTIONS: &str = "-I lanplus -H HOST -p PORT -C 17";

/// What bmcdiscover makes of both outputs of `chassis status`, in the order in which it looks.
fn discovered(said: &str) -> &'static str {
    let looks = [
        ("Set Session Privilege Level to ADMINISTRATOR", "a BMC"),
        ("RAKP 2 message indicates an error : unauthorized name", "wrong user"),
        ("RAKP 2 HMAC is invalid", "wrong password"),
    ];
    match looks.iter().find(|(text, _)| said.contains(text)) {
        Some((_, found)) => found,
        None if said.contains("BMC Session ID") => "something else of a BMC",
        None => "no BMC",
    }
}

#[test]
fn bmcdiscover_tells_the_same_apart() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    for (words, finds, identified) in [
        ("-U admin -P PASSWORD chassis status", "a BMC", true),
        ("-U admin -P PASSWORD chassis status -R 1", "a BMC", true),
        ("-U nobody -P PASSWORD chassis status -R 1", "wrong user", true),
        ("-U admin -P wrong chassis status -R 1", "wrong password", true),
        ("-U admin -P wrong -k 1 chassis status -R 1", "wrong password", true),
        ("-U admin -P PASSWORD -k 1 chassis status -R 1", "something else of a BMC", true),
        // Port 9 is nobody's.
        ("-p 9 -U admin -P PASSWORD -N 1 chassis status -R 1", "no BMC", false),
    ] {
        let [theirs, ours] = programs.run(&pair, &format!("-vv {OPTIONS} {words}"), &[]);
        assert_eq!(ours.code(), theirs.code(), "{words}");
        for output in [theirs, ours] {
            let said = output.stdout.clone() + &output.stderr;
            assert_eq!(discovered(&said), finds, "{words}: {output}");
            // It stands where it stands in the original, and is as long.
            let id = output.stdout.lines().find(|line| line.contains("BMC Session ID"));
            assert_eq!(id.is_some(), identified, "{words}: {output}");
            if let Some(id) = id {
                let number =
                    id.strip_prefix("<<  BMC Session ID                     : 0x").unwrap();
                assert_eq!(number.len(), 8, "{id}");
                assert_ne!(u32::from_str_radix(number, 16), Ok(0), "{id}");
            }
        }
    }
    // The refusal that it looks for after that.
    let line = format!("{OPTIONS} -U admin -P wrong -N 1 -R 1 mc info");
    let said = programs.same_in_all(&pair, &line, &[]);
    assert!(said.contains("Unable to establish IPMI v2 / RMCP"), "{said}");
}

/// The makers' numbers and part numbers by which it calls a machine.
#[test]
fn bmcdiscover_knows_the_same_machine() {
    let Some((pair, programs)) = Pair::specimens().zip(Programs::find()) else { return };
    let line = |words: &str| format!("{OPTIONS} -U admin -P PASSWORD {words}");
    let said = programs.same_in_all(&pair, &line("mc info -N 1 -R 1"), &[]);
    let number = |said: &str, name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        let value = line.split_once(':').unwrap().1.trim();
        value.split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(number(&said, "Manufacturer ID"), 32473);
    assert!(number(&said, "Product ID") > 0);
    let between = said.split("Manufacturer ID").nth(1).unwrap();
    assert!(between.find("Manufacturer Name").unwrap() < between.find("Product ID").unwrap());
    for id in [0, 2, 3, 47] {
        programs.same_in_all(&pair, &line(&format!("fru print {id}")), &[]);
    }
    let said = programs.same_in_all(&pair, &line("fru print 0"), &[]);
    for name in [
        "Chassis Part Number",
        "Chassis Serial",
        "Product Part Number   :",
        "Product Serial        :",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let said = programs.same_in_all(&pair, &line("chassis status"), &[]);
    assert!(said.lines().any(|line| line.starts_with("System Power") && line.contains(':')));
    // The console's script compares whole columns.
    let said = programs.same_in_all(&pair, &line("mc info"), &[]);
    assert!(said.contains("IPMI Version              : 2.0"), "{said}");
    assert!(said.contains("Manufacturer ID           : 32473"), "{said}");
}

/// What bmcsetup does on a machine that is being installed, over the network here.
#[test]
fn bmcsetup_reads_and_sets_the_same() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    for script in [
        "ipmitool -V | grep version",
        "ipmitool -V | awk '{print $3}'",
        "for word in '^IPMI' '^Manufacturer ID' '^Product ID'; do
           ipmitool $BMC mc info | grep \"$word\" | awk '{print $4}'; done",
        "for c in 1 2 3 4 6 7; do
           ipmitool $BMC channel info $c 2> /dev/null | grep -E 'LAN|802.3' > /dev/null && echo $c; done",
        "for word in '^IP Address Source' '^IP Address' '^Subnet Mask' '^Default Gateway IP' \
           '802.1q VLAN ID' '^RMCP+' 'Cipher Suite Priv Max'; do
           ipmitool $BMC lan print 1 | grep \"$word\" | awk -F': ' '{print $2}'; done",
        "ipmitool $BMC lan set 1 ipsrc static; ipmitool $BMC lan set 1 ipaddr 192.0.2.9
         ipmitool $BMC lan set 1 netmask 255.255.255.0
         ipmitool $BMC lan set 1 defgw ipaddr 192.0.2.1
         ipmitool $BMC lan set 1 vlan id off; ipmitool $BMC lan set 1 arp respond on
         ipmitool $BMC lan set 1 auth admin md5
         ipmitool $BMC lan set 1 cipher_privs Xaaaaaaaaaaaaaa; echo $?",
        "ipmitool $BMC lan print 1 | grep -E '^(IP|Subnet|Default)'",
        "ipmitool $BMC user list 1 | awk '{print $1,$2,$3,$4,$5,$6}'",
        "ipmitool $BMC channel getaccess 1 3 | grep -i Fixed; echo $?",
        "ipmitool $BMC user set name 5 xcat; ipmitool $BMC user set password 5 Xcat_Pass_5 20
         ipmitool $BMC user enable 5; ipmitool $BMC user priv 5 4 1
         ipmitool $BMC channel setaccess 1 5 link=on ipmi=on callin=on privilege=4
         ipmitool $BMC user test 5 20 Xcat_Pass_5; echo $?; ipmitool $BMC user test 5 20 other; echo $?
         ipmitool $BMC user disable 5; ipmitool $BMC user list 1 | grep xcat",
        "ipmitool $BMC chassis identify 250; ipmitool $BMC chassis identify 0",
        "ipmitool $BMC raw 0x06 0x01 | tr -d '\\n' | cut -d' ' -f2",
        "ipmitool $BMC raw 0x3a 0x0a; echo $?",
        "ipmitool $BMC sol deactivate; echo $?",
        "ipmitool $BMC mc reset cold",
    ] {
        programs.same_script(&pair, script);
    }
}
