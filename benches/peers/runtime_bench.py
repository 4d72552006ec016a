"""LiteRT (XNNPACK) or ONNX Runtime with the files of `make_models.py`; `RUNTIME` selects one."""

import os

from timing import arguments, calls, report
from works import read_data, split

mode, work, folder, counts = arguments()
threads = int(os.environ["THREADS"])
batches = split(mode, read_data(work, folder)[0])
if os.environ["RUNTIME"] == "litert":
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(f"{folder}/{work}.tflite", num_threads=threads)
    place = runtime.get_input_details()[0]["index"]
    runtime.resize_tensor_input(place, batches[0].shape)
    runtime.allocate_tensors()

    def call():
        for batch in batches:
            # With one sample, the input is already there.
            if len(batches) > 1:
                runtime.set_tensor(place, batch)
            runtime.invoke()

    runtime.set_tensor(place, batches[0])
else:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        f"{folder}/{work}.onnx", options, providers=["CPUExecutionProvider"])
    bindings = []
    for batch in batches:
        binding = session.io_binding()
        binding.bind_cpu_input("x", batch.transpose(0, 3, 1, 2).copy())
        binding.bind_output(session.get_outputs()[0].name)
        bindings.append(binding)

    def call():
        for binding in bindings:
            session.run_with_iobinding(binding)


report(calls(counts[0], call, sum(map(len, batches))))
