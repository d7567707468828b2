//! `K_g`, and users looked up by name and privilege, with the real consoles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_client::{Credentials, Endpoint, SessionError};
use lantern_bmcd::Config;
use lantern_testkit::peers::Ipmitool;

const KG: &str = "key of the gallery";

/// A BMC with `K_g`: read from a file, as a user would give it.
fn with_kg() -> Bmc {
    let text = include_str!("../../examples/bmc.toml")
        .replace("suites = [17, 3]", &format!("suites = [17, 3]\nkg = \"{KG}\""));
    let keyed = Config::parse(&text, "bmc.toml".as_ref()).unwrap();
    Bmc::with(|config| config.kg = keyed.kg)
}

#[test]
fn ipmitool_and_freeipmi_bring_the_key() {
    let bmc = with_kg();
    for suite in [17, 3] {
        let Some(tool) = bmc.ipmitool(suite) else { return };
        let output = tool.clone().options(["-k", KG]).run("chassis power status");
        assert_eq!(output.expect_success(), "Chassis Power is on\n");
        tool.run("chassis power status").expect_failure();
        tool.options(["-k", "another key"]).run("chassis power status").expect_failure();

        let Some(tool) = bmc.freeipmi(suite) else { return };
        let refused = tool.run("ipmipower", "--stat");
        assert!(refused.to_string().contains("k_g invalid"), "{refused}");
        let output = tool.options(["-k", KG]).run("ipmipower", "--stat");
        assert_eq!(output.expect_success(), format!("{}: on\n", bmc.addr.ip()));
    }
}

#[tokio::test]
async fn our_client_tells_a_wrong_key_from_a_wrong_password() {
    let bmc = with_kg();
    let endpoint = Endpoint::bind().unwrap();
    let login = async |password: &str, kg: Option<&str>| {
        let credentials = Credentials {
            kg: kg.map(|kg| ipmi_client::Secret::new(kg.as_bytes()).unwrap()),
            ..Credentials::new(b"admin", password.as_bytes()).unwrap()
        };
        let client = ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials);
        client.connect().await.map_err(|error| error.session_error().unwrap().clone())
    };
    assert!(login("Complex_Pass", Some(KG)).await.is_ok());
    assert_eq!(login("Complex_Pass", None).await.unwrap_err(), SessionError::WrongKg);
    assert_eq!(login("Complex_Pass", Some("x")).await.unwrap_err(), SessionError::WrongKg);
    assert_eq!(login("wrong", Some(KG)).await.unwrap_err(), SessionError::WrongPassword);
    endpoint.shutdown().await;
}

#[test]
fn a_lookup_by_name_and_privilege_wants_the_exact_privilege() {
    let bmc = Bmc::reference();
    let Some(tool) = Ipmitool::new(bmc.addr, "oper", "Oper_Pass_3") else { return };
    let tool = tool.suite(17);
    // A trailing plus makes ipmitool look up by name and privilege.
    let output = tool.clone().privilege("OPERATOR+").run("chassis power status");
    assert_eq!(output.expect_success(), "Chassis Power is on\n");
    let refused = tool.options(["-v"]).privilege("USER+").run("chassis power status");
    refused.expect_failure();
    assert!(refused.to_string().contains("unauthorized name"), "{refused}");
}
