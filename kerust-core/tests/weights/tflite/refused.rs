//! What is not read, and what the message says.

use kerust_core::weights::tflite::Graph;

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"PK\x03\x04 and so on", "a zip archive (a `.keras`?)"),
        (b"\x89HDF\r\n\x1a\n and so on", "an HDF5 file (a `.h5`?)"),
        (b"\x08\x08\x12\x07pytorch", "what seems to be an ONNX file"),
        (
            b"some text",
            "the first bytes [73, 6f, 6d, 65, 20, 74, 65, 78]",
        ),
    ] {
        assert_eq!(
            Graph::read(bytes).unwrap_err().to_string(),
            format!(
                "no TensorFlow Lite model: found {found}, expected a FlatBuffer with the identifier `TFL3`"
            )
        );
    }
}
