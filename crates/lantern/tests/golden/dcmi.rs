//! `dcmi`.

use crate::pair::Pair;

#[test]
fn what_dcmi_tells_is_told_alike() {
    for pair in [Pair::reference(), Pair::specimens(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in [
            "dcmi",
            "dcmi help",
            "dcmi bogus",
            "dcmi discover",
            "dcmi DISCOVER",
            "-c dcmi discover",
            "dcmi power",
            "dcmi power help",
            "dcmi power bogus",
            "dcmi power reading",
            "-c dcmi power reading",
            "-v dcmi power reading",
            "-Z dcmi power reading",
            "dcmi Power Reading",
            "dcmi power reading 5_sec",
            "dcmi power reading 15_sec",
            "dcmi power reading 30_sec",
            "dcmi power reading 1_min",
            "dcmi power reading 3_min",
            "dcmi power reading 7_min",
            "dcmi power reading 15_min",
            "dcmi power reading 30_min",
            "dcmi power reading 1_hour",
            "dcmi power reading 1_HOUR",
            "dcmi power reading 2_min",
            "dcmi power get_limit",
            "dcmi power set_limit",
            "dcmi power set_limit limit",
            "dcmi sensors",
            "-c dcmi sensors",
            "-v dcmi sensors",
            "-v -c dcmi sensors",
            "dcmi get_temp_reading",
            "dcmi asset_tag",
            "dcmi set_asset_tag",
            "dcmi get_mc_id_string",
            "dcmi set_mc_id_string",
            "dcmi thermalpolicy",
            "dcmi thermalpolicy help",
            "dcmi thermalpolicy get",
            "dcmi thermalpolicy get 0x40",
            "dcmi thermalpolicy get 0x40 1",
            "dcmi thermalpolicy get 64 1",
            "dcmi thermalpolicy get x 1",
            "dcmi thermalpolicy get 0x40 x",
            "dcmi thermalpolicy get 0x41 1",
            "dcmi thermalpolicy get 0x40 9",
            "dcmi thermalpolicy set",
            "dcmi thermalpolicy set 0x40 1",
            "dcmi thermalpolicy set 0x40 1 volatile poweroff sel x 20",
            "dcmi thermalpolicy set 0x40 1 volatile poweroff sel 50 x",
            "dcmi get_conf_param",
            "dcmi set_conf_param",
            "dcmi set_conf_param help",
            "dcmi set_conf_param help 1",
            "dcmi set_conf_param init",
            "dcmi set_conf_param init x",
            "dcmi set_conf_param init 1 2",
            "dcmi oob_discover",
        ] {
            pair.same(line);
        }
    }
}

#[test]
fn power_limits_are_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["dcmi power get_limit", "raw 0x2c 3 0xdc 0 0"];
    for line in [
        "dcmi power set_limit limit 400",
        "dcmi power set_limit limit 450 correction 5000",
        "dcmi power set_limit action sel_logging",
        "dcmi power set_limit action power_off sample 30",
        "dcmi power set_limit action no_action limit 500 correction 6000 sample 60",
        "dcmi power set_limit action sel_logging limit 510 correction 7000 sample 90",
        "dcmi power set_limit action oem_02",
        "dcmi power set_limit action bogus",
        "dcmi power set_limit action bogus limit 510 correction 7000 sample 90",
        "dcmi power set_limit limit x",
        "dcmi power set_limit limit 1",
        "dcmi power set_limit correction 4294967295",
        "dcmi power set_limit sample 1",
        "dcmi power activate",
        "dcmi power activate",
        "dcmi power set_limit limit 430",
        "dcmi power deactivate",
        "dcmi power deactivate",
    ] {
        pair.same_change(line, reads);
    }
}

#[test]
fn names_and_settings_of_dcmi_are_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &[
        "dcmi asset_tag",
        "dcmi get_mc_id_string",
        "dcmi get_conf_param",
        "dcmi thermalpolicy get 0x40 1",
    ];
    for line in [
        "dcmi set_asset_tag rack-7",
        "dcmi set_asset_tag 0123456789abcdef",
        "dcmi set_asset_tag 0123456789abcdef0123456789abcdefXYZ",
        "dcmi set_asset_tag 0123456789012345678901234567890123456789012345678901234567890123",
        "dcmi set_asset_tag 01234567890123456789012345678901234567890123456789012345678901234",
        "dcmi set_mc_id_string node-17",
        "dcmi set_mc_id_string a-long-name-of-a-controller-17",
        "dcmi set_mc_id_string 012345678901234567890123456789012345678901234567890123456789012",
        "dcmi set_mc_id_string 0123456789012345678901234567890123456789012345678901234567890123",
        "dcmi set_conf_param dhcp_config 3",
        "dcmi set_conf_param init 8",
        "dcmi set_conf_param timeout 300",
        "dcmi set_conf_param retry 0x100",
        "dcmi set_conf_param activate_dhcp",
        "dcmi set_conf_param activate_dhcp 1",
        "dcmi thermalpolicy set 0x40 1 volatile poweroff sel 55 20",
        "dcmi thermalpolicy set 0x40 1 nonvolatile nopoweroff sel 60 300",
        "dcmi thermalpolicy set 0x40 1 disabled disabled disabled 0 0",
        "dcmi thermalpolicy set 0x41 1 volatile poweroff sel 55 20",
    ] {
        pair.same_change(line, reads);
    }
    pair.same_words(&["dcmi", "set_asset_tag", "two words"]);
    pair.same_words(&["dcmi", "set_asset_tag", ""]);
    pair.same("dcmi asset_tag");
}
