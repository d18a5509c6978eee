"""What a task's logits stand for: each kind of task with its loss, and the value that is served."""
