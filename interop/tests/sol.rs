//! SOL parameters as ipmitool reads and sets them, over restarts, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::{Bmc, client_at};
use ipmi_wire::Channel;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{SetSolConfigurationParameters, SolParameter};

#[test]
fn what_is_set_is_printed_and_there_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let bmc = Bmc::keeping(state.path(), |_| {});
    let Some(tool) = bmc.ipmitool(17) else { return };
    let port = bmc.addr.port();
    let info = |values: [&str; 10]| {
        let [
            enabled,
            encryption,
            authentication,
            privilege,
            level,
            threshold,
            count,
            interval,
            volatile,
            kept,
        ] = values;
        format!(
            "Set in progress                 : set-complete\n\
             Enabled                         : {enabled}\n\
             Force Encryption                : {encryption}\n\
             Force Authentication            : {authentication}\n\
             Privilege Level                 : {privilege}\n\
             Character Accumulate Level (ms) : {level}\n\
             Character Send Threshold        : {threshold}\n\
             Retry Count                     : {count}\n\
             Retry Interval (ms)             : {interval}\n\
             Volatile Bit Rate (kbps)        : {volatile}\n\
             Non-Volatile Bit Rate (kbps)    : {kept}\n\
             Payload Channel                 : 1 (0x01)\n\
             Payload Port                    : {port}\n"
        )
    };
    let delivered = ["true", "true", "true", "OPERATOR", "60", "96", "7", "500", "115.2", "115.2"];
    assert_eq!(tool.run("sol info 1").expect_success(), info(delivered));
    for words in [
        "enabled false",
        "force-encryption false",
        "force-authentication false",
        "privilege-level user",
        "privilege-level admin",
        "character-accumulate-level 20",
        "character-send-threshold 50",
        "retry-count 3",
        "retry-interval 10",
        "non-volatile-bit-rate 57.6",
        "volatile-bit-rate 19.2",
        "set-in-progress set-in-progress",
        "set-in-progress commit-write",
        "set-in-progress set-complete",
    ] {
        let output = tool.run(&format!("sol set {words} 1"));
        output.expect_success();
        assert_eq!(output.stderr, "", "{words}: {output}");
    }
    let set = ["false", "false", "false", "ADMINISTRATOR", "100", "50", "3", "100", "19.2", "57.6"];
    assert_eq!(tool.run("sol info 1").expect_success(), info(set));
    for words in ["privilege-level oem 1", "enabled true 2"] {
        tool.run(&format!("sol set {words}")).expect_failure();
    }
    drop(bmc);
    let bmc = Bmc::keeping(state.path(), |_| {});
    let tool = bmc.ipmitool(17).unwrap();
    let again = tool.run("-c sol info 1");
    // The bit rate of now is the one that is kept; the port is another, and so is its listener.
    let expected = format!(
        "set-complete,false,false,false,ADMINISTRATOR,100,50,3,100,57.6,57.6,1,{}\n",
        bmc.addr.port()
    );
    assert_eq!(again.expect_success(), expected);
}

#[tokio::test]
async fn setting_that_is_left_hanging_is_taken_back() {
    let bmc = Bmc::reference();
    let Some(tool) = bmc.ipmitool(17) else { return };
    let run = async |words: &'static str| {
        let tool = tool.clone();
        tokio::task::spawn_blocking(move || tool.run(words)).await.unwrap()
    };
    let (endpoint, client) = client_at(bmc.addr);
    for parameter in
        [SolParameter::SetInProgress(SetInProgress::InProgress), SolParameter::Enable(false)]
    {
        let channel = Channel::new(1);
        client.send(&SetSolConfigurationParameters { channel, parameter }).await.unwrap();
    }
    // ipmitool does nothing without the lock.
    let output = run("sol set retry-count 3 1").await;
    assert!(output.expect_failure().contains("when not in set-complete state"), "{output}");
    endpoint.shutdown().await;
    run("sol set retry-count 3 1").await.expect_success();
    let info = run("sol info 1").await;
    let info = info.expect_success();
    assert!(info.contains("Enabled                         : true"), "{info}");
    assert!(info.contains("Retry Count                     : 3"), "{info}");
}
