//! Words that make no sense, where the original writes something all the same: here nothing is written, it is
//! said why, and the exit code is 1.

use crate::pair::Pair;

/// Lines, what is said of each, and what shows that nothing has changed.
#[track_caller]
fn all_refused(pair: &Pair, read: &str, lines: &[(&str, &str)]) {
    for (line, says) in lines {
        // `''` is nothing at all.
        let words = line.split_whitespace().map(|word| if word == "''" { "" } else { word });
        pair.refused(&words.collect::<Vec<_>>(), says, read);
    }
}

#[test]
fn a_level_that_is_none_makes_nobody_an_administrator() {
    let Some(pair) = Pair::reference() else { return };
    let says = "Numeric [1-15] value expected";
    for level in ["0", "6", "14", "16", "18", "20", "0x14", "31", "255", "256", "-1", "root", "''"]
    {
        let line = format!("channel setaccess 1 3 privilege={level}");
        all_refused(&pair, "channel getaccess 1 3", &[(&line, says)]);
    }
}

#[test]
fn what_is_neither_on_nor_off_is_neither() {
    let Some(pair) = Pair::reference() else { return };
    let getaccess = "channel getaccess 1 3";
    assert_eq!(pair.ours(&["channel", "setaccess", "1", "3", "ipmi=off"]).code(), Some(0));
    for setting in ["ipmi=0", "ipmi=none", "ipmi=disabled", "ipmi=", "link=oft", "callin=1"] {
        let line = format!("channel setaccess 1 3 {setting}");
        all_refused(&pair, getaccess, &[(&line, "is 'on' or 'off'")]);
    }
    // What came before on the line is not written either.
    let line = "channel setaccess 1 3 privilege=4 ipmi=o";
    all_refused(&pair, getaccess, &[(line, "is 'on' or 'off'")]);
    for (setting, shows) in
        [("ipmi=ON", "enabled"), ("ipmi=OFF", "disabled"), ("ipmi=Yes", "enabled")]
    {
        assert_eq!(pair.ours(&["channel", "setaccess", "1", "3", setting]).code(), Some(0));
        let now = pair.ours(&["channel", "getaccess", "1", "3"]);
        let line = format!("IPMI Messaging       : {shows}\n");
        assert!(now.stdout.contains(&line), "{setting}: {now}");
    }
}

#[test]
fn a_misspelt_command_disables_no_others() {
    let Some(pair) = Pair::reference() else { return };
    all_refused(
        &pair,
        "firewall info lun 0 netfn 0",
        &[
            ("firewall disable channel 1 lun 0 netfn 0 comand 2", "'comand' is unknown"),
            ("firewall disable lun 0 netfn 0 cmd 2", "'cmd' is unknown"),
            ("firewall disable lun 0 netfn 0 command 2 subfunction 1", "'subfunction' is unknown"),
            ("firewall disable lun 0 netfn 0 command", "Nothing is given for command"),
            ("firewall enable lun 0 netfn 0 comand 2", "'comand' is unknown"),
            ("firewall reset chanel 1", "'chanel' is unknown"),
        ],
    );
}

#[test]
fn a_network_function_of_no_request_runs_nothing() {
    let Some(pair) = Pair::reference() else { return };
    all_refused(
        &pair,
        "power status",
        &[
            (
                "raw 0x01 0x02 0x00",
                "Unable to send RAW command (channel=0x0 netfn=0x1 lun=0x0 cmd=0x2)",
            ),
            ("raw 0x41 0x02 0x00", "Network function 0x41 is not one of a request"),
            ("raw 0x40 0x02 0x00", "Network function 0x40 is not one of a request"),
            ("raw 0xff 0x02 0x00", "Network function 0xff is not one of a request"),
        ],
    );
    // The original sends what nobody answers.
    pair.same("raw 7 1");
}

#[test]
fn a_watchdog_that_runs_goes_on() {
    let Some(pair) = Pair::reference() else { return };
    let set = ["mc", "watchdog", "set", "timeout=600", "use=sms", "action=reset"];
    assert_eq!(pair.ours(&set).code(), Some(0));
    all_refused(
        &pair,
        // Use and actions of the timer: what counts does not stand still.
        "mc watchdog get",
        &[
            ("mc watchdog set timeout=600 use=sms Action=reset", "Invalid option 'Action=reset'"),
            ("mc watchdog set oops", "Invalid option 'oops'"),
            ("mc watchdog set ''", "Invalid option ''"),
        ],
    );
}

#[test]
fn nobody_is_shut_out_of_a_channel_by_a_name_that_is_none() {
    let Some(pair) = Pair::reference() else { return };
    all_refused(
        &pair,
        "lan print 1",
        &[
            ("lan set 1 auth admin md5,passwrd", "Invalid authentication type: passwrd"),
            ("lan set 1 auth admin typo", "Invalid authentication type: typo"),
            ("lan set 1 auth admin md5,", "Invalid authentication type: "),
            ("lan set 1 auth bogus md5", "Invalid authentication level: bogus"),
            ("lan set 1 auth admin,bogus md5", "Invalid authentication level: bogus"),
            ("lan set 1 vlan id 0", "between 1 and 4094"),
            ("lan set 1 vlan id 5000", "between 1 and 4094"),
            ("lan set 1 vlan id bogus", "VLAN ID 'bogus'"),
            ("lan set 1 vlan priority 8", "between 0 and 7"),
            ("lan set 1 vlan priority x", "VLAN priority 'x'"),
            ("lan set 1 cipher_privs XXX", "specification length: 3"),
            ("lan set 1 cipher_privs aaaaaaaaaaaaaaz", "specification char"),
            ("lan set 1 arp bogus", "arp respond|generate"),
            ("lan set 1 alert bogus", "must be 'on' or 'off'"),
        ],
    );
    all_refused(
        &pair,
        "lan alert print 1",
        &[
            ("lan alert set 1 1 retry 8", "Invalid retry: 8"),
            ("lan alert set 1 1 retry 15", "Invalid retry: 15"),
            ("lan alert set 1 1 time 256", "Invalid time: 256"),
        ],
    );
}

#[test]
fn a_list_of_authentication_types_is_a_list() {
    // The original knows the last name only.
    let pair = Pair::with(|config| {
        let types = "ipmi15 = [\"md2\", \"md5\", \"password\"]\nallow_insecure_suites = true";
        config.replace("suites = [17, 3]", &format!("suites = [17, 3]\n{types}"))
    });
    let Some(pair) = pair else { return };
    for (list, shows) in [("MD2,MD5", "MD2 MD5"), ("password,key", "PASSWORD"), ("md5", "MD5")] {
        let set = pair.ours(&["lan", "set", "1", "auth", "user,admin", list]);
        assert_eq!((set.code(), set.stderr.as_str()), (Some(0), ""));
        let now = pair.ours(&["lan", "print", "1"]);
        let shown = |level: &str| {
            let line = now.stdout.lines().find(|line| line.contains(level)).unwrap();
            line.rsplit(": ").next().unwrap().trim().to_owned()
        };
        assert_eq!((shown("User "), shown("Admin ")), (shows.to_owned(), shows.to_owned()));
    }
}

#[test]
fn numbers_that_do_not_fit_are_not_cut() {
    let Some(pair) = Pair::reference() else { return };
    for set in ["set block 0 343 7", "set block 2 1 9 8 7"] {
        let words: Vec<_> = ["chassis", "bootmbox"].into_iter().chain(set.split(' ')).collect();
        assert_eq!(pair.ours(&words).code(), Some(0));
    }
    let seventeen = ["7"; 17].join(" ");
    let fourteen = ["7"; 14].join(" ");
    all_refused(
        &pair,
        "chassis bootmbox get",
        &[
            ("chassis bootmbox set block 258 0 0x5a", "Invalid block 258"),
            ("-- chassis bootmbox set block -5 7 0x11", "Invalid block -5"),
            ("chassis bootmbox set 0x1234567 1 2", "No valid IANA PEN"),
            ("-- chassis bootmbox set -1 1 2", "No valid IANA PEN"),
            (&format!("chassis bootmbox set block 2 1 {seventeen}"), "exceeds that of a block"),
            (&format!("chassis bootmbox set block 0 1 {fourteen}"), "exceeds that of a block"),
            ("chassis bootmbox set text block 2 0 sixteen_and_a_zero", "exceeds that of a block"),
        ],
    );
    all_refused(
        &pair,
        "dcmi get_conf_param",
        &[
            ("dcmi set_conf_param init 300", "Given init '300' is invalid"),
            ("dcmi set_conf_param foo 5", "'foo' is unknown"),
            ("dcmi set_conf_param timeout 65536", "Given timeout '65536' is invalid"),
        ],
    );
}

#[test]
fn power_is_limited_by_name_and_all_at_once() {
    let Some(pair) = Pair::reference() else { return };
    let read = "dcmi power get_limit";
    all_refused(
        &pair,
        read,
        &[
            ("dcmi power set_limit limit 65836", "Given limit '65836' is invalid"),
            ("dcmi power set_limit limit abc correction 6000", "Given limit 'abc' is invalid"),
            ("dcmi power set_limit correction 6000 limit abc", "Given limit 'abc' is invalid"),
            ("dcmi power set_limit bogus 1 limit 500", "'bogus' is unknown"),
            ("dcmi power set_limit limit 500 bogus 1", "'bogus' is unknown"),
            ("dcmi power set_limit limit 400 correction", "Nothing is given for correction"),
            ("dcmi power set_limit action oem_11 limit 400", "Given action 'oem_11' is invalid"),
        ],
    );
    for line in [
        "dcmi power set_limit action no_action sample 2 correction 1000 limit 300",
        "dcmi power set_limit limit 300 action no_action correction 1000 sample 2",
    ] {
        let set = pair.ours(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(set.code(), Some(0), "{set}");
        for shows in ["300 Watts", "1000 milliseconds", "2 seconds"] {
            assert!(set.stdout.contains(shows), "{set}");
        }
    }
    // The original writes "no action" instead of an OEM's. Our BMC has none.
    let line = "dcmi power set_limit action oem_03 limit 310 correction 6000 sample 60";
    all_refused(&pair, read, &[(line, "DCMI request failed because: Invalid data field")]);
}

#[test]
fn a_policy_about_heat_is_set_as_it_is_said_or_not_at_all() {
    let Some(pair) = Pair::reference() else { return };
    all_refused(
        &pair,
        "dcmi thermalpolicy get 0x40 1",
        &[
            (
                "dcmi thermalpolicy set 0x40 1 volatile power_off nosel 90 60",
                "Power Off 'power_off'",
            ),
            ("dcmi thermalpolicy set 0x40 1 volatile sel nosel 90 60", "Power Off 'sel'"),
            ("dcmi thermalpolicy set 0x40 1 bogus poweroff nosel 50 20", "Persistence 'bogus'"),
            ("dcmi thermalpolicy set 0x40 1 volatile poweroff poweroff 50 20", "Log 'poweroff'"),
        ],
    );
}

#[test]
fn thresholds_that_are_none_are_not_zero() {
    let Some(pair) = Pair::reference() else { return };
    let cpu = "CPU1 Temp";
    for (words, says) in [
        (&["sensor", "thresh", cpu, "upper", "", "", ""][..], "Given unc '' is invalid"),
        (&["sensor", "thresh", cpu, "upper", "80", "90", ""], "Given unr '' is invalid"),
        (&["sensor", "thresh", cpu, "ucr", ""], "value '' is invalid"),
        (&["sensor", "thresh", cpu, "ucr", " "], "value ' ' is invalid"),
        (&["sensor", "thresh", cpu, "upper", "95", "90", "80"], "Invalid Threshold data values"),
        (
            &["sensor", "thresh", "FAN1", "lower", "900", "600", "300"],
            "Invalid Threshold data values",
        ),
    ] {
        pair.refused(words, says, "sensor list");
    }
}

#[test]
fn a_machine_starts_from_where_it_was_said_or_as_before() {
    let Some(pair) = Pair::reference() else { return };
    all_refused(
        &pair,
        "chassis bootparam get 5",
        &[
            ("chassis bootdev pxe persistent", "Invalid option: persistent"),
            ("chassis bootdev pxe option=persistent", "Invalid option: option=persistent"),
            (
                "chassis bootdev cdrom options=efiboot persistent",
                "Invalid option: options=efiboot persistent",
            ),
            ("chassis bootdev pxe clear-cmos=maybe", "Invalid option: clear-cmos=maybe"),
            ("chassis bootparam set bootflag force_pxe options=bogus", "Invalid option: bogus"),
            (
                "chassis bootparam set bootflag force_diag options=reset,bogus,power",
                "Invalid option: bogus",
            ),
            (
                "chassis bootparam set bootflag force_cdrom options=no-reset",
                "Invalid option: no-reset",
            ),
            ("chassis bootparam set bootflag force_safe options=help", "Legal options are"),
            ("chassis bootparam set bootflag force_pxe reset", "No options= keyword found"),
            ("chassis bootparam set bootflag force_pxe options=PEF more", "Invalid option: more"),
        ],
    );
}

#[test]
fn files_that_are_not_there_are_no_success() {
    let Some(pair) = Pair::reference() else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("large"), [7; 100_000]).unwrap();
    for (command, id, file, says) in [
        ("write", "0", "/nowhere/at/all", "Error opening file"),
        ("write", "0", &path("large"), "has 100000 bytes, and the device 1024"),
        ("write", "200", &path("large"), "FRU device 200 not present"),
        ("read", "200", &path("new"), "FRU device 200 not present"),
    ] {
        pair.refused(&["fru", command, id, file], says, "fru print 0");
    }
    for file in ["/nowhere/at/all", "/dev/full"] {
        let read = pair.ours(&["fru", "read", "0", file]);
        assert_eq!(read.code(), Some(1), "{read}");
        assert!(read.stderr.contains("Error opening file"), "{read}");
    }
    assert!(!directory.path().join("new").exists());
    // Filled up for a larger device, it is the same.
    assert_eq!(pair.ours(&["fru", "read", "0", &path("image")]).code(), Some(0));
    let mut image = std::fs::read(path("image")).unwrap();
    image.resize(4096, 0xff);
    std::fs::write(path("image"), image).unwrap();
    pair.same_change_words(&["fru", "write", "0", &path("image")], &["fru print 0"]);
}
