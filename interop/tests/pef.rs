//! Platform Event Filtering as ipmitool and FreeIPMI meet it at our BMC: each reads and writes it,
//! finds what the other one and our own client have found and set, and an event that a filter matches
//! does what the filter says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeMap;

use common::Bmc;
use ipmi_wire::cmd::sensor::{EventFilter, FilterKind, PolicyRule};
use lantern_testkit::peers::FreeIpmi;

/// Sections of a checkout, each with its keys and values.
fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        match line.split_once(char::is_whitespace) {
            Some(("Section", name)) => section = name.trim().to_owned(),
            Some((key, value)) => {
                let values = sections.entry(section.clone()).or_default();
                values.insert(key.to_owned(), value.trim().to_owned());
            }
            None => {}
        }
    }
    sections
}

fn config(tool: &FreeIpmi, words: &str) -> String {
    let output = tool.run("ipmi-config", &format!("-g pef {words}"));
    let text = output.expect_success();
    assert_eq!(output.stderr, "", "{words}: {output}");
    text.to_owned()
}

fn yes(on: bool) -> &'static str {
    if on { "Yes" } else { "No" }
}

/// A filter of software's own: the sample event of `ipmitool event 1`, and the machine goes off.
const TOO_HOT: &str = "--commit \
    -e Event_Filter_9:Enable_Filter=Yes \
    -e Event_Filter_9:Event_Filter_Action_Power_Off=Yes \
    -e Event_Filter_9:Generator_Id_Byte_1=0xFF -e Event_Filter_9:Generator_Id_Byte_2=0xFF \
    -e Event_Filter_9:Sensor_Type=Temperature -e Event_Filter_9:Sensor_Number=0x30 \
    -e Event_Filter_9:Event_Trigger=0x01 -e Event_Filter_9:Event_Data1_Offset_Mask=0x0200";

#[tokio::test]
async fn what_freeipmi_checks_out_can_be_committed_and_is_what_our_client_reads() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.freeipmi(17) else { return };
    config(&tool, TOO_HOT);
    config(
        &tool,
        "--commit -e Alert_String_2:Alert_String=Hot -e Alert_String_2:Alert_String_Set=3",
    );
    config(&tool, "--commit -e Alert_Policy_2:Policy_Type=Proceed_To_Next_Entry");
    config(&tool, "--commit -e PEF_Conf:Enable_PEF_Startup_Delay=Yes -e PEF_Conf:Startup_Delay=33");
    let own = config(&tool, "--checkout");
    let file = tool.directory().join("pef.conf");
    std::fs::write(&file, &own).unwrap();
    for action in ["--diff", "--commit", "--diff"] {
        config(&tool, &format!("{action} --filename {}", file.display()));
    }
    let said = sections(&own);
    let (_endpoint, client) = common::client_at(bmc.addr);
    let status = client.pef_status().await.unwrap();
    let (control, conf) = (status.control.unwrap(), &said["PEF_Conf"]);
    assert_eq!(conf["Enable_PEF"], yes(control.enabled));
    assert_eq!(conf["Enable_PEF_Startup_Delay"], yes(control.startup_delay));
    assert_eq!(conf["Startup_Delay"], status.startup_delay.unwrap().to_string());
    let actions = status.actions.unwrap();
    assert_eq!(conf["Enable_Alert_Action"], yes(actions.alert));
    assert_eq!(conf["Enable_Power_Cycle_Action"], yes(actions.power_cycle));
    let filters = client.pef_filters().await.unwrap();
    assert_eq!(filters.len(), 20);
    for (number, filter) in filters {
        let filter: EventFilter = filter.unwrap();
        let said = &said[&format!("Event_Filter_{number}")];
        let byte = |byte: u8| format!("0x{byte:02X}").to_lowercase();
        let kind = match filter.configuration.kind {
            FilterKind::PRECONFIGURED => "Manufacturer_Pre_Configured",
            _ => "Software_Configurable",
        };
        assert_eq!(said["Filter_Type"], kind);
        assert_eq!(said["Enable_Filter"], yes(filter.configuration.enabled));
        assert_eq!(said["Event_Filter_Action_Alert"], yes(filter.actions.alert));
        assert_eq!(said["Event_Filter_Action_Power_Off"], yes(filter.actions.power_down));
        assert_eq!(said["Event_Filter_Action_Reset"], yes(filter.actions.reset));
        assert_eq!(said["Alert_Policy_Number"], filter.policy.to_string());
        assert_eq!(said["Generator_Id_Byte_1"].to_lowercase(), byte(filter.generator[0]));
        assert_eq!(said["Sensor_Number"].to_lowercase(), byte(filter.sensor_number));
        assert_eq!(said["Event_Trigger"].to_lowercase(), byte(filter.trigger));
        let mask = said["Event_Data1_Offset_Mask"].trim_start_matches("0x");
        assert_eq!(u16::from_str_radix(mask, 16).unwrap(), filter.offsets);
        assert_eq!(said["Event_Data2_AND_Mask"].to_lowercase(), byte(filter.data[1].mask));
    }
    for (number, entry) in client.pef_policies().await.unwrap() {
        let entry = entry.unwrap();
        let (policy, said) = (entry.policy, &said[&format!("Alert_Policy_{number}")]);
        assert_eq!(said["Policy_Enabled"], yes(policy.enabled));
        assert_eq!(said["Policy_Number"], policy.policy.to_string());
        assert_eq!(said["Channel_Number"], policy.channel.number().to_string());
        assert_eq!(said["Destination_Selector"], policy.destination.to_string());
        let rule = if number == 2 { PolicyRule::NEXT_ENTRY } else { PolicyRule::ALWAYS };
        assert_eq!(policy.rule, rule);
        assert!(entry.destination.unwrap().address.is_ok());
    }
    let strings = client.alert_strings().await.unwrap();
    assert_eq!((strings.len(), strings[1].text.as_ref().unwrap().as_slice()), (4, &b"Hot"[..]));
    assert_eq!(strings[1].keys.as_ref().unwrap().set, 3);
}

#[test]
fn what_one_of_them_sets_the_other_one_finds() {
    let bmc = Bmc::reference();
    let (Some(tool), Some(free)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    config(&free, TOO_HOT);
    let list = tool.run("pef filter list");
    let line = list.expect_success().lines().nth(8).unwrap().to_owned();
    assert_eq!(
        line.trim(),
        "9 | enabled, configurable | Temperature | 48 | None | Threshold | (0x01/0x0200),<UC | Power-off"
    );
    tool.run("pef filter disable 9").expect_success();
    tool.run("pef filter disable 1").expect_success();
    tool.run("pef policy enable 3").expect_success();
    let said = sections(&config(&free, "--checkout"));
    assert_eq!(said["Event_Filter_9"]["Enable_Filter"], "No");
    assert_eq!(said["Event_Filter_1"]["Enable_Filter"], "No");
    assert_eq!(said["Event_Filter_1"]["Filter_Type"], "Manufacturer_Pre_Configured");
    assert_eq!(said["Alert_Policy_3"]["Policy_Enabled"], "Yes");
    // What is the manufacturer's is not changed but for that.
    let refused = free.run("ipmi-config", "-g pef --commit -e Event_Filter_1:Sensor_Number=0x11");
    assert_ne!(refused.code(), Some(0), "{refused}");
}

#[test]
fn an_event_of_ipmitool_that_a_filter_of_freeipmi_matches_switches_the_machine_off_once() {
    let bmc = Bmc::reference();
    let (Some(tool), Some(free)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let is_on = || tool.run("power status").expect_success().contains("is on");
    tool.run("power on").expect_success();
    config(&free, TOO_HOT);
    tool.run("event 1").expect_success();
    assert!(is_on(), "PEF is disabled as delivered");
    config(&free, "--commit -e PEF_Conf:Enable_PEF=Yes -e PEF_Conf:Enable_PEF_Event_Messages=Yes");
    // Another sensor's.
    tool.run("event 2").expect_success();
    assert!(is_on());
    tool.run("event 1").expect_success();
    assert!(!is_on());
    tool.run("power on").expect_success();
    assert!(is_on());
    let log = tool.run("sel elist");
    let told = log.expect_success().matches("PEF Action").count();
    assert_eq!(told, 1, "{log}");
}
