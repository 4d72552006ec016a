"""LiteRT (XNNPACK) or ONNX Runtime with the files of `make_models.py`; `RUNTIME` selects one."""

import os

from timing import arguments, calls, report
from works import SEQUENCES, random_inputs, read_data, split

mode, work, folder, counts = arguments()
threads = int(os.environ["THREADS"])
suffix = "-int8" if mode == "int8" else ""
batches = [random_inputs(work, 1)] if suffix else split(mode, read_data(work, folder)[0])
if os.environ["RUNTIME"] == "litert":
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(f"{folder}/{work}{suffix}.tflite", num_threads=threads)
    place = runtime.get_input_details()[0]["index"]
    runtime.resize_tensor_input(place, batches[0].shape)
    runtime.allocate_tensors()

    def call():
        for batch in batches:
            # With one sample, the input is already there.
            if len(batches) > 1:
                runtime.set_tensor(place, batch)
            runtime.invoke()

    if suffix:
        batches = [(batches[0] * 255 - 128).astype("int8")]
    runtime.set_tensor(place, batches[0])
else:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        f"{folder}/{work}{suffix}.onnx", options, providers=["CPUExecutionProvider"])
    bindings = []
    for batch in batches:
        binding = session.io_binding()
        values = batch if work in SEQUENCES else batch.transpose(0, 3, 1, 2)
        binding.bind_cpu_input("x", values.copy())
        binding.bind_output(session.get_outputs()[0].name)
        bindings.append(binding)

    def call():
        for binding in bindings:
            session.run_with_iobinding(binding)


report(calls(counts[0], call, sum(map(len, batches))))
