"""Keras on TensorFlow: `fit`, and predictions of the compiled model. `KERAS_JIT=1` compiles with XLA."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import tensorflow as tf
from keras_nets import net
from timing import arguments, calls, report
from works import WORKS, read_data, split
import time

mode, work, folder, counts = arguments()
threads = int(os.environ["THREADS"])
tf.config.threading.set_intra_op_parallelism_threads(threads)
jit = os.environ.get("KERAS_JIT") == "1"
keras.utils.set_random_seed(1)
images, labels = read_data(work, folder)
if mode == "train":
    batch = WORKS[work]["batch"]
    count, steps = counts
    model = net(work, WORKS[work]["classes"][0])
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit)
    steps = min(steps, len(images) // batch)
    images, labels = images[: steps * batch], labels[: steps * batch]
    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append((time.perf_counter() - self.start) * 1e3 / steps)

    epochs = max(count + 1, 4)
    model.fit(images, labels, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
    report(times[1:])
else:
    model = net(work, WORKS[work]["classes"][1])
    predict = tf.function(lambda x: model(x, training=False), jit_compile=jit)
    batches = [tf.constant(batch) for batch in split(mode, images)]
    report(calls(counts[0], lambda: [predict(x).numpy() for x in batches], sum(map(len, batches))))
