//! Scaffold.
fn main() {
    let config =
        lantern_bmcd::Config::load(std::path::Path::new(&std::env::args().nth(1).unwrap()))
            .unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let s = lantern_bmcd::Server::start(&config, None).unwrap();
        println!("{:?}", s.addresses());
        std::future::pending::<()>().await;
    });
}
